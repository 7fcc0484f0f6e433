-- Code generated from sql/migrations/00006_create_users.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE users (
    tenant_id     char(36)     NOT NULL,
    id            char(36)     NOT NULL,
    email         varchar(254) NOT NULL,
    account_id    char(36),
    is_invited    boolean      NOT NULL,
    full_name     varchar(200) NOT NULL,
    name_key      varchar(200) NOT NULL,
    phone         varchar(32),
    role          varchar(16)  NOT NULL,
    is_active     boolean      NOT NULL,
    is_superuser  boolean      NOT NULL,
    company_id    char(36),
    branch_id     char(36),
    department_id char(36),
    last_login_at datetime(6),
    search_text   text         NOT NULL,
    created_at    datetime(6)  NOT NULL,
    updated_at    datetime(6)  NOT NULL,
    version       bigint       NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT users_tenant_id_email_key UNIQUE (tenant_id, email),
    CONSTRAINT users_role_check CHECK (role IN ('viewer', 'user', 'admin')),
    CONSTRAINT users_account_id_email_fkey FOREIGN KEY (account_id, email) REFERENCES accounts (id, email) ON UPDATE CASCADE,
    CONSTRAINT users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT users_tenant_id_company_id_fkey FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id),
    KEY users_tenant_id_created_at_idx (tenant_id, created_at, id),
    KEY users_tenant_id_name_key_idx (tenant_id, name_key, id),
    KEY users_tenant_id_role_created_at_idx (tenant_id, role, created_at, id),
    KEY users_tenant_id_role_name_key_idx (tenant_id, role, name_key, id),
    KEY users_tenant_id_is_active_created_at_idx (tenant_id, is_active, created_at, id),
    KEY users_tenant_id_is_active_name_key_idx (tenant_id, is_active, name_key, id),
    KEY users_tenant_id_company_id_created_at_idx (tenant_id, company_id, created_at, id),
    KEY users_tenant_id_company_id_name_key_idx (tenant_id, company_id, name_key, id),
    KEY users_tenant_id_is_invited_created_at_idx (tenant_id, is_invited, created_at, id),
    KEY users_tenant_id_is_invited_name_key_idx (tenant_id, is_invited, name_key, id),
    KEY users_account_id_email_idx (account_id, email)
);

-- +goose Down
DROP TABLE users;
