package schema

// findExtensions lets the rest of the transaction find pg_trgm, which may be in another schema than
// the tables.
const findExtensions = `DO $$
BEGIN
    PERFORM set_config('search_path', concat_ws(', ', NULLIF(current_setting('search_path'), ''), quote_ident(nspname)), true)
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm';
END
$$`

// dropInvalid drops the unusable index that an interrupted CREATE INDEX CONCURRENTLY leaves.
const dropInvalid = `DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('%[1]s') AND NOT indisvalid) THEN
        DROP INDEX %[1]s;
    END IF;
END
$$`

// giveView lets the serving role read a view, and makes tenantry_search its owner. A policy lets
// tenantry_search read all rows, because PostgreSQL can't use an index for LIKE below row-level
// security. To change the owner, the current role must be a member of tenantry_search, and
// tenantry_search must be allowed to create in the schema; the block revokes what it granted for
// this. Without tenantry_search or the privilege to grant it, searches in the view read all rows of
// a tenant.
const giveView = `DO $$
DECLARE
    granted boolean := false;
BEGIN
    IF to_regrole('tenantry_serving') IS NOT NULL THEN
        REVOKE ALL ON searchable_%[1]s FROM tenantry_serving;
        GRANT SELECT ON searchable_%[1]s TO tenantry_serving;
    END IF;
    IF to_regrole('tenantry_search') IS NULL THEN
        RETURN;
    END IF;
    IF NOT pg_has_role('tenantry_search', 'MEMBER') THEN
        GRANT tenantry_search TO CURRENT_USER;
        granted := true;
    END IF;
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %%I TO tenantry_search', current_schema());
    GRANT SELECT ON %[1]s TO tenantry_search;
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = '%[1]s'::regclass AND polname = 'searching') THEN
        CREATE POLICY searching ON %[1]s FOR SELECT TO tenantry_search USING (true);
    END IF;
    ALTER VIEW searchable_%[1]s OWNER TO tenantry_search;
    EXECUTE format('REVOKE CREATE ON SCHEMA %%I FROM tenantry_search', current_schema());
    IF granted THEN
        REVOKE tenantry_search FROM CURRENT_USER;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'searches in %[1]s use no index: %%', SQLERRM;
END
$$`

// dropView drops a search view. Only a member of its owner can do that.
const dropView = `DO $$
DECLARE
    owner regrole := (SELECT relowner FROM pg_class WHERE oid = 'searchable_%[1]s'::regclass);
    granted boolean := NOT pg_has_role(owner, 'MEMBER');
BEGIN
    IF granted THEN
        EXECUTE format('GRANT %%s TO CURRENT_USER', owner);
    END IF;
    DROP VIEW searchable_%[1]s;
    IF granted THEN
        EXECUTE format('REVOKE %%s FROM CURRENT_USER', owner);
    END IF;
END
$$`
