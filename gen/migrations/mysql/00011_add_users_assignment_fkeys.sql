-- Code generated from sql/migrations/00011_add_users_assignment_fkeys.sql by storegen. DO NOT EDIT.

-- +goose Up
ALTER TABLE users
    ADD CONSTRAINT users_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id) REFERENCES branches (tenant_id, id),
    ADD CONSTRAINT users_tenant_id_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id),
    ADD KEY users_tenant_id_branch_id_created_at_idx (tenant_id, branch_id, created_at, id),
    ADD KEY users_tenant_id_branch_id_name_key_idx (tenant_id, branch_id, name_key, id),
    ADD KEY users_tenant_id_department_id_created_at_idx (tenant_id, department_id, created_at, id),
    ADD KEY users_tenant_id_department_id_name_key_idx (tenant_id, department_id, name_key, id);

-- +goose Down
UPDATE users SET branch_id = NULL, department_id = NULL;
ALTER TABLE users
    DROP KEY users_tenant_id_department_id_name_key_idx,
    DROP KEY users_tenant_id_department_id_created_at_idx,
    DROP KEY users_tenant_id_branch_id_name_key_idx,
    DROP KEY users_tenant_id_branch_id_created_at_idx,
    DROP FOREIGN KEY users_tenant_id_department_id_fkey,
    DROP FOREIGN KEY users_tenant_id_branch_id_fkey;
