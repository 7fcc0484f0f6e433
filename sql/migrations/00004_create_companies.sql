-- Only LockCompany changes lock_count, as LockTenant does for tenants.

CREATE TABLE companies (
    tenant_id           uuid       NOT NULL,
    id                  uuid       NOT NULL,
    code                key(32)    NOT NULL,
    name                text(200)  NOT NULL,
    name_key            key(200)   NOT NULL,
    description         text(2000),
    email               text(254),
    phone               text(32),
    website             text(500),
    address_line1       text(200),
    address_line2       text(200),
    city                text(100),
    state               text(100),
    postal_code         text(20),
    country             key(100),
    tax_id              text(64),
    registration_number text(64),
    is_active           bool       NOT NULL,
    search_text         text       NOT NULL,
    created_at          time       NOT NULL,
    updated_at          time       NOT NULL,
    version             int        NOT NULL,
    lock_count          int        NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT companies_tenant_id_code_key UNIQUE (tenant_id, code),
    CONSTRAINT companies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);
CREATE INDEX companies_tenant_id_created_at_idx ON companies (tenant_id, created_at, id);
CREATE INDEX companies_tenant_id_name_key_idx ON companies (tenant_id, name_key, id);
CREATE INDEX companies_tenant_id_country_created_at_idx ON companies (tenant_id, country, created_at, id);
CREATE INDEX companies_tenant_id_country_name_key_idx ON companies (tenant_id, country, name_key, id);
CREATE INDEX companies_tenant_id_is_active_created_at_idx ON companies (tenant_id, is_active, created_at, id);
CREATE INDEX companies_tenant_id_is_active_name_key_idx ON companies (tenant_id, is_active, name_key, id);
