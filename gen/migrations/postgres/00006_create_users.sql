-- Code generated from sql/migrations/00006_create_users.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE users (
    tenant_id     uuid                     NOT NULL,
    id            uuid                     NOT NULL,
    email         varchar(254) COLLATE "C" NOT NULL,
    account_id    uuid,
    is_invited    boolean                  NOT NULL,
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
    CONSTRAINT users_tenant_id_email_key UNIQUE (tenant_id, email),
    CONSTRAINT users_role_check CHECK (role IN ('viewer', 'user', 'admin')),
    CONSTRAINT users_account_id_email_fkey FOREIGN KEY (account_id, email) REFERENCES accounts (id, email) ON UPDATE CASCADE,
    CONSTRAINT users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT users_tenant_id_company_id_fkey FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id)
);
ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON users USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- +goose StatementBegin
DO $$
BEGIN
    PERFORM set_config('search_path', concat_ws(', ', NULLIF(current_setting('search_path'), ''), quote_ident(nspname)), true)
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm';
END
$$;
-- +goose StatementEnd
CREATE INDEX users_search_text_idx ON users USING gin (tenant_id, search_text gin_trgm_ops);
CREATE OR REPLACE VIEW searchable_users AS SELECT * FROM users WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid;
-- +goose StatementBegin
DO $$
DECLARE
    granted boolean := false;
BEGIN
    IF to_regrole('tenantry_serving') IS NOT NULL THEN
        REVOKE ALL ON searchable_users FROM tenantry_serving;
        GRANT SELECT ON searchable_users TO tenantry_serving;
    END IF;
    IF to_regrole('tenantry_search') IS NULL THEN
        RETURN;
    END IF;
    IF NOT pg_has_role('tenantry_search', 'MEMBER') THEN
        GRANT tenantry_search TO CURRENT_USER;
        granted := true;
    END IF;
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO tenantry_search', current_schema());
    GRANT SELECT ON users TO tenantry_search;
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = 'users'::regclass AND polname = 'searching') THEN
        CREATE POLICY searching ON users FOR SELECT TO tenantry_search USING (true);
    END IF;
    ALTER VIEW searchable_users OWNER TO tenantry_search;
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM tenantry_search', current_schema());
    IF granted THEN
        REVOKE tenantry_search FROM CURRENT_USER;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'searches in users use no index: %', SQLERRM;
END
$$;
-- +goose StatementEnd
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
CREATE POLICY unscoped_reading ON users FOR SELECT USING (current_setting('app.unscoped', true) = 'on');

-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE
    owner regrole := (SELECT relowner FROM pg_class WHERE oid = 'searchable_users'::regclass);
    granted boolean := NOT pg_has_role(owner, 'MEMBER');
BEGIN
    IF granted THEN
        EXECUTE format('GRANT %s TO CURRENT_USER', owner);
    END IF;
    DROP VIEW searchable_users;
    IF granted THEN
        EXECUTE format('REVOKE %s FROM CURRENT_USER', owner);
    END IF;
END
$$;
-- +goose StatementEnd
DROP TABLE users;
