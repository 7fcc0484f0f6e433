-- A user is an account's membership in a tenant. A user who was invited has no account until the invitation is accepted:
-- is_invited is the same as account_id IS NULL. (No constraint says so, because MariaDB has no CHECK on columns of a foreign
-- key with ON UPDATE CASCADE.)
-- The database keeps the e-mail address of a user equal to that of the account.

CREATE TABLE users (
    tenant_id     uuid      NOT NULL,
    id            uuid      NOT NULL,
    email         key(254)  NOT NULL,
    account_id    uuid,
    is_invited    bool      NOT NULL,
    full_name     text(200) NOT NULL,
    name_key      key(200)  NOT NULL,
    phone         text(32),
    role          key(16)   NOT NULL,
    is_active     bool      NOT NULL,
    is_superuser  bool      NOT NULL,
    company_id    uuid,
    branch_id     uuid,
    department_id uuid,
    last_login_at time,
    search_text   text      NOT NULL,
    created_at    time      NOT NULL,
    updated_at    time      NOT NULL,
    version       int       NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT users_tenant_id_email_key UNIQUE (tenant_id, email),
    CONSTRAINT users_role_check CHECK (role IN ('viewer', 'user', 'admin')),
    CONSTRAINT users_account_id_email_fkey FOREIGN KEY (account_id, email) REFERENCES accounts (id, email) ON UPDATE CASCADE,
    CONSTRAINT users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    -- SQLite can't add a foreign key later, but accepts one to a table that doesn't exist yet.
    -- tenantry: only sqlite
    CONSTRAINT users_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id) REFERENCES branches (tenant_id, id),
    CONSTRAINT users_tenant_id_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id),
    -- tenantry: all engines
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
-- tenantry: unscoped_reading users
