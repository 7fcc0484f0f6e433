-- Code generated from sql/migrations/00010_create_departments.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE departments (
    tenant_id    char(36)     NOT NULL,
    id           char(36)     NOT NULL,
    company_id   char(36)     NOT NULL,
    branch_id    char(36),
    parent_id    char(36),
    head_user_id char(36),
    code         varchar(32)  NOT NULL,
    name         varchar(200) NOT NULL,
    name_key     varchar(200) NOT NULL,
    description  varchar(2000),
    is_active    boolean      NOT NULL,
    search_text  text         NOT NULL,
    created_at   datetime(6)  NOT NULL,
    updated_at   datetime(6)  NOT NULL,
    version      bigint       NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT departments_tenant_id_company_id_code_key UNIQUE (tenant_id, company_id, code),
    CONSTRAINT departments_tenant_id_company_id_id_key UNIQUE (tenant_id, company_id, id),
    CONSTRAINT departments_tenant_id_company_id_fkey FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id),
    CONSTRAINT departments_tenant_id_company_id_branch_id_fkey FOREIGN KEY (tenant_id, company_id, branch_id) REFERENCES branches (tenant_id, company_id, id),
    CONSTRAINT departments_tenant_id_company_id_parent_id_fkey FOREIGN KEY (tenant_id, company_id, parent_id) REFERENCES departments (tenant_id, company_id, id),
    CONSTRAINT departments_tenant_id_head_user_id_fkey FOREIGN KEY (tenant_id, head_user_id) REFERENCES users (tenant_id, id),
    KEY departments_tenant_id_created_at_idx (tenant_id, created_at, id),
    KEY departments_tenant_id_name_key_idx (tenant_id, name_key, id),
    KEY departments_tenant_id_company_id_created_at_idx (tenant_id, company_id, created_at, id),
    KEY departments_tenant_id_company_id_name_key_idx (tenant_id, company_id, name_key, id),
    KEY departments_tenant_id_branch_id_created_at_idx (tenant_id, branch_id, created_at, id),
    KEY departments_tenant_id_branch_id_name_key_idx (tenant_id, branch_id, name_key, id),
    KEY departments_tenant_id_parent_id_created_at_idx (tenant_id, parent_id, created_at, id),
    KEY departments_tenant_id_parent_id_name_key_idx (tenant_id, parent_id, name_key, id),
    KEY departments_tenant_id_code_created_at_idx (tenant_id, code, created_at, id),
    KEY departments_tenant_id_code_name_key_idx (tenant_id, code, name_key, id),
    KEY departments_tenant_id_is_active_created_at_idx (tenant_id, is_active, created_at, id),
    KEY departments_tenant_id_is_active_name_key_idx (tenant_id, is_active, name_key, id),
    KEY departments_tenant_id_company_id_branch_id_idx (tenant_id, company_id, branch_id),
    KEY departments_tenant_id_company_id_parent_id_idx (tenant_id, company_id, parent_id),
    KEY departments_tenant_id_head_user_id_idx (tenant_id, head_user_id)
);

-- +goose Down
DROP TABLE departments;
