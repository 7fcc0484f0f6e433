-- Texts are searched for with LIKE, which an index of trigrams (pg_trgm) answers; with the tenant in it (btree_gin), the answer is of one
-- tenant's rows. Both extensions come with PostgreSQL, and the owner of a database may create them.
--
-- Below row-level security PostgreSQL uses no index for LIKE, as it isn't leakproof. So there are views of another owner, tenantry_search. It may
-- read the tables, owns nothing else, nobody can log in as it, and whoever serves can't become it. The views have the condition that the policies have:
-- whoever serves sees the rows of the tenant that is set, and none where nothing is set. See docs/adr/0014-flat-cost.md.

-- +goose Up
-- +goose StatementBegin
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE EXTENSION IF NOT EXISTS btree_gin;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE EXCEPTION 'the database needs the extensions pg_trgm and btree_gin: %', SQLERRM
        USING HINT = 'They are part of PostgreSQL (some packages call it contrib). The owner of the database or a superuser may create them: CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gin; then migrate again.';
END
$$;
-- +goose StatementEnd

-- An extension belongs to one schema of the database, which needn't be that of the tables. For this transaction it is looked into, too.
-- +goose StatementBegin
DO $$
BEGIN
    PERFORM set_config('search_path', concat_ws(', ', NULLIF(current_setting('search_path'), ''), quote_ident(nspname)), true)
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm';
END
$$;
-- +goose StatementEnd

-- The indexes may have been made beforehand, with CREATE INDEX CONCURRENTLY. One that was interrupted left an index that is never used.
-- +goose StatementBegin
DO $$
DECLARE
    invalid regclass;
BEGIN
    FOR invalid IN
        SELECT indexrelid FROM pg_index
        WHERE NOT indisvalid AND indexrelid IN (
            to_regclass('tenants_search_text_idx'), to_regclass('companies_search_text_idx'), to_regclass('branches_search_text_idx'),
            to_regclass('departments_search_text_idx'), to_regclass('users_search_text_idx'), to_regclass('audit_entries_search_text_idx'))
    LOOP
        EXECUTE format('DROP INDEX %s', invalid);
    END LOOP;
END
$$;
-- +goose StatementEnd
CREATE INDEX IF NOT EXISTS tenants_search_text_idx ON tenants USING gin (search_text gin_trgm_ops);
CREATE INDEX IF NOT EXISTS companies_search_text_idx ON companies USING gin (tenant_id, search_text gin_trgm_ops);
CREATE INDEX IF NOT EXISTS branches_search_text_idx ON branches USING gin (tenant_id, search_text gin_trgm_ops);
CREATE INDEX IF NOT EXISTS departments_search_text_idx ON departments USING gin (tenant_id, search_text gin_trgm_ops);
CREATE INDEX IF NOT EXISTS users_search_text_idx ON users USING gin (tenant_id, search_text gin_trgm_ops);
CREATE INDEX IF NOT EXISTS audit_entries_search_text_idx ON audit_entries USING gin (tenant_id, search_text gin_trgm_ops);
CREATE VIEW searchable_companies AS SELECT * FROM companies WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid;
CREATE VIEW searchable_branches AS SELECT * FROM branches WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid;
CREATE VIEW searchable_departments AS SELECT * FROM departments WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid;
CREATE VIEW searchable_users AS SELECT * FROM users WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid;
CREATE VIEW searchable_audit_entries AS SELECT * FROM audit_entries WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid;

-- Roles are the whole server's: other databases may have made this one, or be about to. Whoever may not make it goes without it: then the
-- views are subject to the policies like their tables, and a search goes through the tenant's rows.
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regrole('tenantry_search') IS NULL THEN
        CREATE ROLE tenantry_search NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
    NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regrole('tenantry_serving') IS NOT NULL THEN
        REVOKE ALL ON searchable_companies, searchable_branches, searchable_departments, searchable_users, searchable_audit_entries FROM tenantry_serving;
        GRANT SELECT ON searchable_companies, searchable_branches, searchable_departments, searchable_users, searchable_audit_entries TO tenantry_serving;
    END IF;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
    searched text;
    granted boolean := false;
BEGIN
    IF to_regrole('tenantry_search') IS NULL THEN
        RETURN;
    END IF;
    -- Only a member can make the role an owner, and only while it may create. Both end here.
    IF NOT pg_has_role('tenantry_search', 'MEMBER') THEN
        GRANT tenantry_search TO CURRENT_USER;
        granted := true;
    END IF;
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO tenantry_search', current_schema());
    FOREACH searched IN ARRAY ARRAY['companies', 'branches', 'departments', 'users', 'audit_entries'] LOOP
        EXECUTE format('GRANT SELECT ON %I TO tenantry_search', searched);
        EXECUTE format('CREATE POLICY searching ON %I FOR SELECT TO tenantry_search USING (true)', searched);
        EXECUTE format('ALTER VIEW %I OWNER TO tenantry_search', 'searchable_' || searched);
    END LOOP;
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM tenantry_search', current_schema());
    IF granted THEN
        REVOKE tenantry_search FROM CURRENT_USER;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'the views for searching stay without an index: %', SQLERRM;
END
$$;
-- +goose StatementEnd

-- The extensions stay: others may use them by now.
-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE
    searched text;
    granted boolean := false;
BEGIN
    IF to_regrole('tenantry_search') IS NOT NULL AND NOT pg_has_role('tenantry_search', 'MEMBER')
        AND EXISTS (SELECT FROM pg_class WHERE oid = 'searchable_companies'::regclass AND relowner = to_regrole('tenantry_search')) THEN
        GRANT tenantry_search TO CURRENT_USER;
        granted := true;
    END IF;
    DROP VIEW searchable_companies, searchable_branches, searchable_departments, searchable_users, searchable_audit_entries;
    IF granted THEN
        REVOKE tenantry_search FROM CURRENT_USER;
    END IF;
    FOREACH searched IN ARRAY ARRAY['companies', 'branches', 'departments', 'users', 'audit_entries'] LOOP
        EXECUTE format('DROP POLICY IF EXISTS searching ON %I', searched);
        IF to_regrole('tenantry_search') IS NOT NULL THEN
            EXECUTE format('REVOKE ALL ON %I FROM tenantry_search', searched);
        END IF;
    END LOOP;
    IF to_regrole('tenantry_search') IS NOT NULL THEN
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM tenantry_search', current_schema());
    END IF;
END
$$;
-- +goose StatementEnd
DROP INDEX audit_entries_search_text_idx;
DROP INDEX users_search_text_idx;
DROP INDEX departments_search_text_idx;
DROP INDEX branches_search_text_idx;
DROP INDEX companies_search_text_idx;
DROP INDEX tenants_search_text_idx;
