-- Code generated from sql/migrations/00010_create_departments.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE departments (
    tenant_id    uuid_text    NOT NULL,
    id           uuid_text    NOT NULL,
    company_id   uuid_text    NOT NULL,
    branch_id    uuid_text,
    parent_id    uuid_text,
    head_user_id uuid_text,
    code         varchar(32)  NOT NULL,
    name         varchar(200) NOT NULL,
    name_key     varchar(200) NOT NULL,
    description  varchar(2000),
    is_active    boolean      NOT NULL,
    search_text  text         NOT NULL,
    created_at   datetime     NOT NULL,
    updated_at   datetime     NOT NULL,
    version      bigint       NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT departments_tenant_id_company_id_code_key UNIQUE (tenant_id, company_id, code),
    CONSTRAINT departments_tenant_id_company_id_id_key UNIQUE (tenant_id, company_id, id),
    CONSTRAINT departments_tenant_id_company_id_fkey FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id),
    CONSTRAINT departments_tenant_id_company_id_branch_id_fkey FOREIGN KEY (tenant_id, company_id, branch_id) REFERENCES branches (tenant_id, company_id, id),
    CONSTRAINT departments_tenant_id_company_id_parent_id_fkey FOREIGN KEY (tenant_id, company_id, parent_id) REFERENCES departments (tenant_id, company_id, id),
    CONSTRAINT departments_tenant_id_head_user_id_fkey FOREIGN KEY (tenant_id, head_user_id) REFERENCES users (tenant_id, id)
);
CREATE INDEX departments_tenant_id_created_at_idx ON departments (tenant_id, created_at, id);
CREATE INDEX departments_tenant_id_name_key_idx ON departments (tenant_id, name_key, id);
CREATE INDEX departments_tenant_id_company_id_created_at_idx ON departments (tenant_id, company_id, created_at, id);
CREATE INDEX departments_tenant_id_company_id_name_key_idx ON departments (tenant_id, company_id, name_key, id);
CREATE INDEX departments_tenant_id_branch_id_created_at_idx ON departments (tenant_id, branch_id, created_at, id);
CREATE INDEX departments_tenant_id_branch_id_name_key_idx ON departments (tenant_id, branch_id, name_key, id);
CREATE INDEX departments_tenant_id_parent_id_created_at_idx ON departments (tenant_id, parent_id, created_at, id);
CREATE INDEX departments_tenant_id_parent_id_name_key_idx ON departments (tenant_id, parent_id, name_key, id);
CREATE INDEX departments_tenant_id_code_created_at_idx ON departments (tenant_id, code, created_at, id);
CREATE INDEX departments_tenant_id_code_name_key_idx ON departments (tenant_id, code, name_key, id);
CREATE INDEX departments_tenant_id_is_active_created_at_idx ON departments (tenant_id, is_active, created_at, id);
CREATE INDEX departments_tenant_id_is_active_name_key_idx ON departments (tenant_id, is_active, name_key, id);
CREATE INDEX departments_tenant_id_company_id_branch_id_idx ON departments (tenant_id, company_id, branch_id);
CREATE INDEX departments_tenant_id_company_id_parent_id_idx ON departments (tenant_id, company_id, parent_id);
CREATE INDEX departments_tenant_id_head_user_id_idx ON departments (tenant_id, head_user_id);

-- +goose Down
DROP TABLE departments;
