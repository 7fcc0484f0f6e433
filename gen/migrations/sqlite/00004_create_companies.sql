-- Code generated from sql/migrations/00004_create_companies.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE companies (
    tenant_id           uuid_text    NOT NULL,
    id                  uuid_text    NOT NULL,
    code                varchar(32)  NOT NULL,
    name                varchar(200) NOT NULL,
    name_key            varchar(200) NOT NULL,
    description         varchar(2000),
    email               varchar(254),
    phone               varchar(32),
    website             varchar(500),
    address_line1       varchar(200),
    address_line2       varchar(200),
    city                varchar(100),
    state               varchar(100),
    postal_code         varchar(20),
    country             varchar(100),
    tax_id              varchar(64),
    registration_number varchar(64),
    is_active           boolean      NOT NULL,
    search_text         text         NOT NULL,
    created_at          datetime     NOT NULL,
    updated_at          datetime     NOT NULL,
    version             bigint       NOT NULL,
    lock_count          bigint       NOT NULL DEFAULT 0,
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

-- +goose Down
DROP TABLE companies;
