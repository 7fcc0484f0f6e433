-- +goose Up
CREATE TABLE users (
    tenant_id     uuid                     NOT NULL,
    id            uuid                     NOT NULL,
    email         varchar(254) COLLATE "C" NOT NULL,
    password_hash varchar(100) COLLATE "C",
    full_name     varchar(200)             NOT NULL,
    name_key      varchar(200) COLLATE "C" NOT NULL,
    phone         varchar(32),
    role          varchar(16) COLLATE "C"  NOT NULL,
    is_active     boolean                  NOT NULL,
    is_superuser  boolean                  NOT NULL,
    company_id    uuid,
    branch_id     uuid,
    department_id uuid,
    last_login_at timestamptz,
    search_text   text                     NOT NULL,
    created_at    timestamptz              NOT NULL,
    updated_at    timestamptz              NOT NULL,
    version       bigint                   NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_role_check CHECK (role IN ('viewer', 'user', 'admin')),
    CONSTRAINT users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
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

-- +goose Down
DROP TABLE users;
