-- Code generated from sql/migrations/00009_create_branches.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE branches (
    tenant_id       char(36)     NOT NULL,
    id              char(36)     NOT NULL,
    company_id      char(36)     NOT NULL,
    code            varchar(32)  NOT NULL,
    name            varchar(200) NOT NULL,
    name_key        varchar(200) NOT NULL,
    email           varchar(254),
    phone           varchar(32),
    address_line1   varchar(200),
    address_line2   varchar(200),
    city            varchar(100),
    state           varchar(100),
    postal_code     varchar(20),
    country         varchar(100),
    latitude        double precision,
    longitude       double precision,
    is_headquarters boolean      NOT NULL,
    is_active       boolean      NOT NULL,
    search_text     text         NOT NULL,
    created_at      datetime(6)  NOT NULL,
    updated_at      datetime(6)  NOT NULL,
    version         bigint       NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT branches_tenant_id_company_id_code_key UNIQUE (tenant_id, company_id, code),
    CONSTRAINT branches_tenant_id_company_id_id_key UNIQUE (tenant_id, company_id, id),
    CONSTRAINT branches_tenant_id_company_id_fkey FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id),
    KEY branches_tenant_id_created_at_idx (tenant_id, created_at, id),
    KEY branches_tenant_id_name_key_idx (tenant_id, name_key, id),
    KEY branches_tenant_id_company_id_created_at_idx (tenant_id, company_id, created_at, id),
    KEY branches_tenant_id_company_id_name_key_idx (tenant_id, company_id, name_key, id),
    KEY branches_tenant_id_code_created_at_idx (tenant_id, code, created_at, id),
    KEY branches_tenant_id_code_name_key_idx (tenant_id, code, name_key, id),
    KEY branches_tenant_id_country_created_at_idx (tenant_id, country, created_at, id),
    KEY branches_tenant_id_country_name_key_idx (tenant_id, country, name_key, id),
    KEY branches_tenant_id_is_headquarters_created_at_idx (tenant_id, is_headquarters, created_at, id),
    KEY branches_tenant_id_is_headquarters_name_key_idx (tenant_id, is_headquarters, name_key, id),
    KEY branches_tenant_id_is_active_created_at_idx (tenant_id, is_active, created_at, id),
    KEY branches_tenant_id_is_active_name_key_idx (tenant_id, is_active, name_key, id)
);

-- +goose Down
DROP TABLE branches;
