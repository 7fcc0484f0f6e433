-- Code generated from sql/migrations/00006_create_users.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE users (
    tenant_id     uuid_text    NOT NULL,
    id            uuid_text    NOT NULL,
    email         varchar(254) NOT NULL,
    account_id    uuid_text,
    is_invited    boolean      NOT NULL,
    full_name     varchar(200) NOT NULL,
    name_key      varchar(200) NOT NULL,
    phone         varchar(32),
    role          varchar(16)  NOT NULL,
    is_active     boolean      NOT NULL,
    is_superuser  boolean      NOT NULL,
    company_id    uuid_text,
    branch_id     uuid_text,
    department_id uuid_text,
    last_login_at datetime,
    search_text   text         NOT NULL,
    created_at    datetime     NOT NULL,
    updated_at    datetime     NOT NULL,
    version       bigint       NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT users_tenant_id_email_key UNIQUE (tenant_id, email),
    CONSTRAINT users_role_check CHECK (role IN ('viewer', 'user', 'admin')),
    CONSTRAINT users_account_id_email_fkey FOREIGN KEY (account_id, email) REFERENCES accounts (id, email) ON UPDATE CASCADE,
    CONSTRAINT users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT users_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id) REFERENCES branches (tenant_id, id),
    CONSTRAINT users_tenant_id_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id),
    CONSTRAINT users_tenant_id_company_id_fkey FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id)
);
CREATE INDEX users_tenant_id_created_at_idx ON users (tenant_id, created_at, id);
CREATE INDEX users_tenant_id_name_key_idx ON users (tenant_id, name_key, id);
CREATE INDEX users_tenant_id_role_created_at_idx ON users (tenant_id, role, created_at, id);
CREATE INDEX users_tenant_id_role_name_key_idx ON users (tenant_id, role, name_key, id);
CREATE INDEX users_tenant_id_is_active_created_at_idx ON users (tenant_id, is_active, created_at, id);
CREATE INDEX users_tenant_id_is_active_name_key_idx ON users (tenant_id, is_active, name_key, id);
CREATE INDEX users_tenant_id_company_id_created_at_idx ON users (tenant_id, company_id, created_at, id);
CREATE INDEX users_tenant_id_company_id_name_key_idx ON users (tenant_id, company_id, name_key, id);
CREATE INDEX users_tenant_id_is_invited_created_at_idx ON users (tenant_id, is_invited, created_at, id);
CREATE INDEX users_tenant_id_is_invited_name_key_idx ON users (tenant_id, is_invited, name_key, id);
CREATE INDEX users_account_id_email_idx ON users (account_id, email);

-- +goose Down
DROP TABLE users;
