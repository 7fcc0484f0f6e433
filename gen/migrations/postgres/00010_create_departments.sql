-- Code generated from sql/migrations/00010_create_departments.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE departments (
    tenant_id    uuid                     NOT NULL,
    id           uuid                     NOT NULL,
    company_id   uuid                     NOT NULL,
    branch_id    uuid,
    parent_id    uuid,
    head_user_id uuid,
    code         varchar(32) COLLATE "C"  NOT NULL,
    name         varchar(200)             NOT NULL,
    name_key     varchar(200) COLLATE "C" NOT NULL,
    description  varchar(2000),
    is_active    boolean                  NOT NULL,
    search_text  text                     NOT NULL,
    created_at   timestamptz              NOT NULL,
    updated_at   timestamptz              NOT NULL,
    version      bigint                   NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT departments_tenant_id_company_id_code_key UNIQUE (tenant_id, company_id, code),
    CONSTRAINT departments_tenant_id_company_id_id_key UNIQUE (tenant_id, company_id, id),
    CONSTRAINT departments_tenant_id_company_id_fkey FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id),
    CONSTRAINT departments_tenant_id_company_id_branch_id_fkey FOREIGN KEY (tenant_id, company_id, branch_id) REFERENCES branches (tenant_id, company_id, id),
    CONSTRAINT departments_tenant_id_company_id_parent_id_fkey FOREIGN KEY (tenant_id, company_id, parent_id) REFERENCES departments (tenant_id, company_id, id),
    CONSTRAINT departments_tenant_id_head_user_id_fkey FOREIGN KEY (tenant_id, head_user_id) REFERENCES users (tenant_id, id)
);
ALTER TABLE departments ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON departments USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- +goose StatementBegin
DO $$
BEGIN
    PERFORM set_config('search_path', concat_ws(', ', NULLIF(current_setting('search_path'), ''), quote_ident(nspname)), true)
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm';
END
$$;
-- +goose StatementEnd
CREATE INDEX departments_search_text_idx ON departments USING gin (tenant_id, search_text gin_trgm_ops);
CREATE OR REPLACE VIEW searchable_departments AS SELECT * FROM departments WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid;
-- +goose StatementBegin
DO $$
DECLARE
    granted boolean := false;
BEGIN
    IF to_regrole('tenantry_serving') IS NOT NULL THEN
        REVOKE ALL ON searchable_departments FROM tenantry_serving;
        GRANT SELECT ON searchable_departments TO tenantry_serving;
    END IF;
    IF to_regrole('tenantry_search') IS NULL THEN
        RETURN;
    END IF;
    IF NOT pg_has_role('tenantry_search', 'MEMBER') THEN
        GRANT tenantry_search TO CURRENT_USER;
        granted := true;
    END IF;
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO tenantry_search', current_schema());
    GRANT SELECT ON departments TO tenantry_search;
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = 'departments'::regclass AND polname = 'searching') THEN
        CREATE POLICY searching ON departments FOR SELECT TO tenantry_search USING (true);
    END IF;
    ALTER VIEW searchable_departments OWNER TO tenantry_search;
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM tenantry_search', current_schema());
    IF granted THEN
        REVOKE tenantry_search FROM CURRENT_USER;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'searches in departments use no index: %', SQLERRM;
END
$$;
-- +goose StatementEnd
CREATE INDEX departments_tenant_id_created_at_idx ON departments (tenant_id, created_at, id);
CREATE INDEX departments_tenant_id_name_key_idx ON departments (tenant_id, name_key, id);
CREATE INDEX departments_tenant_id_company_id_created_at_idx ON departments (tenant_id, company_id, created_at, id);
CREATE INDEX departments_tenant_id_company_id_name_key_idx ON departments (tenant_id, company_id, name_key, id);
CREATE INDEX departments_tenant_id_branch_id_created_at_idx ON departments (tenant_id, branch_id, created_at, id);
CREATE INDEX departments_tenant_id_branch_id_name_key_idx ON departments (tenant_id, branch_id, name_key, id);
CREATE INDEX departments_tenant_id_parent_id_created_at_idx ON departments (tenant_id, parent_id, created_at, id);
CREATE INDEX departments_tenant_id_parent_id_name_key_idx ON departments (tenant_id, parent_id, name_key, id);
CREATE INDEX departments_tenant_id_code_created_at_idx ON departments (tenant_id, code, created_at, id);
CREATE INDEX departments_tenant_id_code_name_key_idx ON departments (tenant_id, code, name_key, id);
CREATE INDEX departments_tenant_id_is_active_created_at_idx ON departments (tenant_id, is_active, created_at, id);
CREATE INDEX departments_tenant_id_is_active_name_key_idx ON departments (tenant_id, is_active, name_key, id);
CREATE INDEX departments_tenant_id_company_id_branch_id_idx ON departments (tenant_id, company_id, branch_id);
CREATE INDEX departments_tenant_id_company_id_parent_id_idx ON departments (tenant_id, company_id, parent_id);
CREATE INDEX departments_tenant_id_head_user_id_idx ON departments (tenant_id, head_user_id);

-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE
    owner regrole := (SELECT relowner FROM pg_class WHERE oid = 'searchable_departments'::regclass);
    granted boolean := NOT pg_has_role(owner, 'MEMBER');
BEGIN
    IF granted THEN
        EXECUTE format('GRANT %s TO CURRENT_USER', owner);
    END IF;
    DROP VIEW searchable_departments;
    IF granted THEN
        EXECUTE format('REVOKE %s FROM CURRENT_USER', owner);
    END IF;
END
$$;
-- +goose StatementEnd
DROP TABLE departments;
