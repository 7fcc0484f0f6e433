-- LockCompany changes lock_count and nothing else does, as LockTenant does for tenants. The view for searching has all columns of
-- its table, so it gets this one, too.

-- +goose Up
ALTER TABLE companies ADD COLUMN lock_count bigint NOT NULL DEFAULT 0;

-- Only a member of the view's owner may change the view.
-- +goose StatementBegin
DO $$
DECLARE
    owner regrole := (SELECT relowner FROM pg_class WHERE oid = 'searchable_companies'::regclass);
    granted boolean := NOT pg_has_role(owner, 'MEMBER');
BEGIN
    IF granted THEN
        EXECUTE format('GRANT %s TO CURRENT_USER', owner);
    END IF;
    CREATE OR REPLACE VIEW searchable_companies AS SELECT * FROM companies WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid;
    IF granted THEN
        EXECUTE format('REVOKE %s FROM CURRENT_USER', owner);
    END IF;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE
    owner regrole := (SELECT relowner FROM pg_class WHERE oid = 'searchable_companies'::regclass);
    granted boolean := NOT pg_has_role(owner, 'MEMBER');
BEGIN
    IF granted THEN
        EXECUTE format('GRANT %s TO CURRENT_USER', owner);
    END IF;
    DROP VIEW searchable_companies;
    ALTER TABLE companies DROP COLUMN lock_count;
    CREATE VIEW searchable_companies AS SELECT * FROM companies WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid;
    IF to_regrole('tenantry_serving') IS NOT NULL THEN
        REVOKE ALL ON searchable_companies FROM tenantry_serving;
        GRANT SELECT ON searchable_companies TO tenantry_serving;
    END IF;
    IF owner <> current_user::regrole THEN
        -- A role can only be made an owner while it may create.
        EXECUTE format('GRANT CREATE ON SCHEMA %I TO %s', current_schema(), owner);
        EXECUTE format('ALTER VIEW searchable_companies OWNER TO %s', owner);
        EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM %s', current_schema(), owner);
    END IF;
    IF granted THEN
        EXECUTE format('REVOKE %s FROM CURRENT_USER', owner);
    END IF;
END
$$;
-- +goose StatementEnd
