-- Code generated from sql/migrations/00013_create_audit_entries.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE audit_entries (
    tenant_id          uuid                     NOT NULL,
    id                 uuid                     NOT NULL,
    occurred_at        timestamptz              NOT NULL,
    occurred_on        varchar(10) COLLATE "C"  NOT NULL,
    actor_id           uuid,
    actor_email        varchar(254) COLLATE "C",
    actor_role         varchar(16),
    actor_is_superuser boolean                  NOT NULL,
    session_id         uuid,
    action             varchar(64) COLLATE "C"  NOT NULL,
    action_area        varchar(64) COLLATE "C"  NOT NULL,
    entity_type        varchar(32) COLLATE "C",
    entity_id          uuid,
    entity_label       varchar(254),
    changes            json                     NOT NULL,
    outcome            varchar(16) COLLATE "C"  NOT NULL,
    reason             varchar(64),
    ip                 varchar(45) COLLATE "C"  NOT NULL,
    user_agent         varchar(512)             NOT NULL,
    request_id         varchar(128) COLLATE "C" NOT NULL,
    method             varchar(16)              NOT NULL,
    path               varchar(512)             NOT NULL,
    search_text        text                     NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_entries_outcome_check CHECK (outcome IN ('success', 'failure', 'denied')),
    CONSTRAINT audit_entries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);
ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON audit_entries USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- +goose StatementBegin
DO $$
BEGIN
    PERFORM set_config('search_path', concat_ws(', ', NULLIF(current_setting('search_path'), ''), quote_ident(nspname)), true)
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm';
END
$$;
-- +goose StatementEnd
CREATE INDEX audit_entries_search_text_idx ON audit_entries USING gin (tenant_id, search_text gin_trgm_ops);
CREATE OR REPLACE VIEW searchable_audit_entries AS SELECT * FROM audit_entries WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid;
-- +goose StatementBegin
DO $$
DECLARE
    granted boolean := false;
BEGIN
    IF to_regrole('tenantry_serving') IS NOT NULL THEN
        REVOKE ALL ON searchable_audit_entries FROM tenantry_serving;
        GRANT SELECT ON searchable_audit_entries TO tenantry_serving;
    END IF;
    IF to_regrole('tenantry_search') IS NULL THEN
        RETURN;
    END IF;
    IF NOT pg_has_role('tenantry_search', 'MEMBER') THEN
        GRANT tenantry_search TO CURRENT_USER;
        granted := true;
    END IF;
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO tenantry_search', current_schema());
    GRANT SELECT ON audit_entries TO tenantry_search;
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = 'audit_entries'::regclass AND polname = 'searching') THEN
        CREATE POLICY searching ON audit_entries FOR SELECT TO tenantry_search USING (true);
    END IF;
    ALTER VIEW searchable_audit_entries OWNER TO tenantry_search;
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM tenantry_search', current_schema());
    IF granted THEN
        REVOKE tenantry_search FROM CURRENT_USER;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'searches in audit_entries use no index: %', SQLERRM;
END
$$;
-- +goose StatementEnd
CREATE INDEX audit_entries_tenant_id_occurred_at_idx ON audit_entries (tenant_id, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_actor_id_idx ON audit_entries (tenant_id, actor_id, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_action_idx ON audit_entries (tenant_id, action, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_action_area_idx ON audit_entries (tenant_id, action_area, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_entity_type_idx ON audit_entries (tenant_id, entity_type, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_entity_id_idx ON audit_entries (tenant_id, entity_id, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_outcome_idx ON audit_entries (tenant_id, outcome, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_ip_idx ON audit_entries (tenant_id, ip, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_request_id_idx ON audit_entries (tenant_id, request_id, occurred_at, id);

-- +goose Down
ALTER TABLE audit_links NO FORCE ROW LEVEL SECURITY;
DELETE FROM audit_links;
ALTER TABLE audit_links FORCE ROW LEVEL SECURITY;
-- +goose StatementBegin
DO $$
DECLARE
    owner regrole := (SELECT relowner FROM pg_class WHERE oid = 'searchable_audit_entries'::regclass);
    granted boolean := NOT pg_has_role(owner, 'MEMBER');
BEGIN
    IF granted THEN
        EXECUTE format('GRANT %s TO CURRENT_USER', owner);
    END IF;
    DROP VIEW searchable_audit_entries;
    IF granted THEN
        EXECUTE format('REVOKE %s FROM CURRENT_USER', owner);
    END IF;
END
$$;
-- +goose StatementEnd
DROP TABLE audit_entries;
