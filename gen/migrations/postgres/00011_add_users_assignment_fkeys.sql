-- Code generated from sql/migrations/00011_add_users_assignment_fkeys.sql by storegen. DO NOT EDIT.

-- +goose Up
ALTER TABLE users ADD CONSTRAINT users_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id) REFERENCES branches (tenant_id, id);
ALTER TABLE users ADD CONSTRAINT users_tenant_id_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('users_tenant_id_branch_id_created_at_idx') AND NOT indisvalid) THEN
        DROP INDEX users_tenant_id_branch_id_created_at_idx;
    END IF;
END
$$;
-- +goose StatementEnd
CREATE INDEX IF NOT EXISTS users_tenant_id_branch_id_created_at_idx ON users (tenant_id, branch_id, created_at, id);
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('users_tenant_id_branch_id_name_key_idx') AND NOT indisvalid) THEN
        DROP INDEX users_tenant_id_branch_id_name_key_idx;
    END IF;
END
$$;
-- +goose StatementEnd
CREATE INDEX IF NOT EXISTS users_tenant_id_branch_id_name_key_idx ON users (tenant_id, branch_id, name_key, id);
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('users_tenant_id_department_id_created_at_idx') AND NOT indisvalid) THEN
        DROP INDEX users_tenant_id_department_id_created_at_idx;
    END IF;
END
$$;
-- +goose StatementEnd
CREATE INDEX IF NOT EXISTS users_tenant_id_department_id_created_at_idx ON users (tenant_id, department_id, created_at, id);
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('users_tenant_id_department_id_name_key_idx') AND NOT indisvalid) THEN
        DROP INDEX users_tenant_id_department_id_name_key_idx;
    END IF;
END
$$;
-- +goose StatementEnd
CREATE INDEX IF NOT EXISTS users_tenant_id_department_id_name_key_idx ON users (tenant_id, department_id, name_key, id);

-- +goose Down
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
UPDATE users SET branch_id = NULL, department_id = NULL;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
DROP INDEX users_tenant_id_department_id_name_key_idx;
DROP INDEX users_tenant_id_department_id_created_at_idx;
DROP INDEX users_tenant_id_branch_id_name_key_idx;
DROP INDEX users_tenant_id_branch_id_created_at_idx;
ALTER TABLE users DROP CONSTRAINT users_tenant_id_department_id_fkey;
ALTER TABLE users DROP CONSTRAINT users_tenant_id_branch_id_fkey;
