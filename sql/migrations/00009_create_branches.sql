CREATE TABLE branches (
    tenant_id       uuid      NOT NULL,
    id              uuid      NOT NULL,
    company_id      uuid      NOT NULL,
    code            key(32)   NOT NULL,
    name            text(200) NOT NULL,
    name_key        key(200)  NOT NULL,
    email           text(254),
    phone           text(32),
    address_line1   text(200),
    address_line2   text(200),
    city            text(100),
    state           text(100),
    postal_code     text(20),
    country         key(100),
    latitude        float,
    longitude       float,
    is_headquarters bool      NOT NULL,
    is_active       bool      NOT NULL,
    search_text     text      NOT NULL,
    created_at      time      NOT NULL,
    updated_at      time      NOT NULL,
    version         int       NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT branches_tenant_id_company_id_code_key UNIQUE (tenant_id, company_id, code),
    CONSTRAINT branches_tenant_id_company_id_id_key UNIQUE (tenant_id, company_id, id),
    CONSTRAINT branches_tenant_id_company_id_fkey FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id)
);
CREATE INDEX branches_tenant_id_created_at_idx ON branches (tenant_id, created_at, id);
CREATE INDEX branches_tenant_id_name_key_idx ON branches (tenant_id, name_key, id);
CREATE INDEX branches_tenant_id_company_id_created_at_idx ON branches (tenant_id, company_id, created_at, id);
CREATE INDEX branches_tenant_id_company_id_name_key_idx ON branches (tenant_id, company_id, name_key, id);
CREATE INDEX branches_tenant_id_code_created_at_idx ON branches (tenant_id, code, created_at, id);
CREATE INDEX branches_tenant_id_code_name_key_idx ON branches (tenant_id, code, name_key, id);
CREATE INDEX branches_tenant_id_country_created_at_idx ON branches (tenant_id, country, created_at, id);
CREATE INDEX branches_tenant_id_country_name_key_idx ON branches (tenant_id, country, name_key, id);
CREATE INDEX branches_tenant_id_is_headquarters_created_at_idx ON branches (tenant_id, is_headquarters, created_at, id);
CREATE INDEX branches_tenant_id_is_headquarters_name_key_idx ON branches (tenant_id, is_headquarters, name_key, id);
CREATE INDEX branches_tenant_id_is_active_created_at_idx ON branches (tenant_id, is_active, created_at, id);
CREATE INDEX branches_tenant_id_is_active_name_key_idx ON branches (tenant_id, is_active, name_key, id);
