-- Code generated from sql/migrations/00011_add_users_assignment_fkeys.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE INDEX IF NOT EXISTS users_tenant_id_branch_id_created_at_idx ON users (tenant_id, branch_id, created_at, id);
CREATE INDEX IF NOT EXISTS users_tenant_id_branch_id_name_key_idx ON users (tenant_id, branch_id, name_key, id);
CREATE INDEX IF NOT EXISTS users_tenant_id_department_id_created_at_idx ON users (tenant_id, department_id, created_at, id);
CREATE INDEX IF NOT EXISTS users_tenant_id_department_id_name_key_idx ON users (tenant_id, department_id, name_key, id);

-- +goose Down
UPDATE users SET branch_id = NULL, department_id = NULL;
DROP INDEX users_tenant_id_department_id_name_key_idx;
DROP INDEX users_tenant_id_department_id_created_at_idx;
DROP INDEX users_tenant_id_branch_id_name_key_idx;
DROP INDEX users_tenant_id_branch_id_created_at_idx;
