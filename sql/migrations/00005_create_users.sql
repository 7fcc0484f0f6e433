-- users_password_hash_idx finds the highest bcrypt cost in use, because a hash begins with its cost.

CREATE TABLE users (
    tenant_id     uuid      NOT NULL,
    id            uuid      NOT NULL,
    email         key(254)  NOT NULL,
    password_hash key(100),
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
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_role_check CHECK (role IN ('viewer', 'user', 'admin')),
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
CREATE INDEX users_password_hash_idx ON users (password_hash);
-- tenantry: unscoped_reading users
