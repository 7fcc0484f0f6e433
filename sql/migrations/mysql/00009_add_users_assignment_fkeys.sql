-- +goose Up
-- An earlier way down left assignments to branches and departments that are gone.
UPDATE users SET branch_id = NULL WHERE branch_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM branches WHERE branches.tenant_id = users.tenant_id AND branches.id = users.branch_id);
UPDATE users SET department_id = NULL WHERE department_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM departments WHERE departments.tenant_id = users.tenant_id AND departments.id = users.department_id);
ALTER TABLE users
    ADD KEY users_tenant_id_branch_id_created_at_idx (tenant_id, branch_id, created_at, id),
    ADD KEY users_tenant_id_branch_id_name_key_idx (tenant_id, branch_id, name_key, id),
    ADD KEY users_tenant_id_department_id_created_at_idx (tenant_id, department_id, created_at, id),
    ADD KEY users_tenant_id_department_id_name_key_idx (tenant_id, department_id, name_key, id),
    ADD CONSTRAINT users_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id) REFERENCES branches (tenant_id, id),
    ADD CONSTRAINT users_tenant_id_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);

-- +goose Down
UPDATE users SET branch_id = NULL, department_id = NULL;
ALTER TABLE users
    DROP FOREIGN KEY users_tenant_id_department_id_fkey,
    DROP FOREIGN KEY users_tenant_id_branch_id_fkey,
    DROP KEY users_tenant_id_department_id_name_key_idx,
    DROP KEY users_tenant_id_department_id_created_at_idx,
    DROP KEY users_tenant_id_branch_id_name_key_idx,
    DROP KEY users_tenant_id_branch_id_created_at_idx;
