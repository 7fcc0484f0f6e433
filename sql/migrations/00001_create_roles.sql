-- PostgreSQL needs two extensions and two roles. The other engines need neither.
--
-- pg_trgm and btree_gin index search_text. They come with PostgreSQL, and the owner of a database may create them.
--
-- Programs that serve requests act as tenantry_serving. It owns nothing, so row-level security holds for it. It gets
-- the right to read and write every table that a later migration creates. See docs/adr/0012-row-level-security.md.
--
-- tenantry_search owns the views for searching. Nobody logs in as this role or becomes it.
-- See docs/adr/0014-flat-cost.md.
--
-- Roles belong to the whole server, so another database may have created them already, or be about to. A user who may
-- not create roles continues without them.

-- tenantry: only postgres
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE EXTENSION IF NOT EXISTS btree_gin;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE EXCEPTION 'the database needs the extensions pg_trgm and btree_gin: %', SQLERRM
        USING HINT = 'They are part of PostgreSQL (some packages call it contrib). The owner of the database or a superuser may create them: CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gin; then migrate again.';
END
$$;
DO $$
BEGIN
    IF to_regrole('tenantry_serving') IS NULL THEN
        CREATE ROLE tenantry_serving NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
    NULL;
END
$$;
DO $$
BEGIN
    IF to_regrole('tenantry_search') IS NULL THEN
        CREATE ROLE tenantry_search NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
    NULL;
END
$$;
DO $$
BEGIN
    IF NOT pg_has_role(to_regrole('tenantry_serving'), 'MEMBER') THEN
        GRANT tenantry_serving TO CURRENT_USER;
    END IF;
EXCEPTION WHEN unique_violation OR insufficient_privilege THEN
    NULL;
END
$$;
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

-- The extensions and the roles stay, because others may use them.
-- tenantry: down
-- tenantry: only postgres
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
