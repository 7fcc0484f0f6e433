-- The second wall between tenants, see docs/adr/0012-row-level-security.md: whoever serves sees the rows of the tenant that is set in
-- its transaction, and none where nothing is set. FORCE holds the owner of the tables to that, too.
--
-- The condition has no OR, so that it can be one of an index. Only the tables that the queries named ...Unscoped read have a second
-- policy, which is for reading alone.

-- +goose Up
ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE one_time_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE companies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE branches ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE departments ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_seals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE legacy_calls ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON users USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY tenant_isolation ON sessions USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY tenant_isolation ON one_time_tokens USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY tenant_isolation ON companies USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY tenant_isolation ON branches USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY tenant_isolation ON departments USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY tenant_isolation ON audit_entries USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY tenant_isolation ON audit_links USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY tenant_isolation ON audit_seals USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY tenant_isolation ON legacy_calls USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY unscoped_reading ON users FOR SELECT USING (current_setting('app.unscoped', true) = 'on');
CREATE POLICY unscoped_reading ON one_time_tokens FOR SELECT USING (current_setting('app.unscoped', true) = 'on');
CREATE POLICY unscoped_reading ON audit_links FOR SELECT USING (current_setting('app.unscoped', true) = 'on');
CREATE POLICY unscoped_reading ON legacy_calls FOR SELECT USING (current_setting('app.unscoped', true) = 'on');

-- Roles are the whole server's: other databases may have made this one, or be about to. Whoever may not make it goes without it; FORCE
-- holds an owner that is no superuser.
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regrole('tenantry_serving') IS NULL THEN
        CREATE ROLE tenantry_serving NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
    NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
BEGIN
    IF NOT pg_has_role(to_regrole('tenantry_serving'), 'MEMBER') THEN
        GRANT tenantry_serving TO CURRENT_USER;
    END IF;
EXCEPTION WHEN unique_violation OR insufficient_privilege THEN
    NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regrole('tenantry_serving') IS NOT NULL THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO tenantry_serving', current_schema());
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tenantry_serving', current_schema());
        GRANT SELECT, INSERT, UPDATE, DELETE ON tenants, login_attempts, users, sessions, one_time_tokens, companies, branches, departments,
            audit_entries, audit_links, audit_seals, legacy_calls TO tenantry_serving;
        IF to_regclass('goose_db_version') IS NOT NULL THEN
            GRANT SELECT ON goose_db_version TO tenantry_serving;
        END IF;
    END IF;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regrole('tenantry_serving') IS NOT NULL THEN
        REVOKE ALL ON tenants, login_attempts, users, sessions, one_time_tokens, companies, branches, departments,
            audit_entries, audit_links, audit_seals, legacy_calls FROM tenantry_serving;
        IF to_regclass('goose_db_version') IS NOT NULL THEN
            REVOKE ALL ON goose_db_version FROM tenantry_serving;
        END IF;
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON TABLES FROM tenantry_serving', current_schema());
        EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM tenantry_serving', current_schema());
    END IF;
END
$$;
-- +goose StatementEnd
DROP POLICY unscoped_reading ON users;
DROP POLICY unscoped_reading ON one_time_tokens;
DROP POLICY unscoped_reading ON audit_links;
DROP POLICY unscoped_reading ON legacy_calls;
DROP POLICY tenant_isolation ON users;
ALTER TABLE users DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY tenant_isolation ON sessions;
ALTER TABLE sessions DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY tenant_isolation ON one_time_tokens;
ALTER TABLE one_time_tokens DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY tenant_isolation ON companies;
ALTER TABLE companies DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY tenant_isolation ON branches;
ALTER TABLE branches DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY tenant_isolation ON departments;
ALTER TABLE departments DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY tenant_isolation ON audit_entries;
ALTER TABLE audit_entries DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY tenant_isolation ON audit_links;
ALTER TABLE audit_links DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY tenant_isolation ON audit_seals;
ALTER TABLE audit_seals DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY tenant_isolation ON legacy_calls;
ALTER TABLE legacy_calls DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
