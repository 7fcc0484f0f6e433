-- Code generated from sql/migrations/00001_create_roles.sql by storegen. DO NOT EDIT.

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
        IF to_regclass('goose_db_version') IS NOT NULL THEN
            REVOKE ALL ON goose_db_version FROM tenantry_serving;
        END IF;
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON TABLES FROM tenantry_serving', current_schema());
        EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM tenantry_serving', current_schema());
    END IF;
    IF to_regrole('tenantry_search') IS NOT NULL THEN
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM tenantry_search', current_schema());
    END IF;
END
$$;
-- +goose StatementEnd
