-- Other than on the other engines, the way down leaves the assignments of users alone: there is one statement to a section.

-- +goose Up
ALTER TABLE users
    ADD KEY users_tenant_id_branch_id_created_at_idx (tenant_id, branch_id, created_at, id),
    ADD KEY users_tenant_id_branch_id_name_key_idx (tenant_id, branch_id, name_key, id),
    ADD KEY users_tenant_id_department_id_created_at_idx (tenant_id, department_id, created_at, id),
    ADD KEY users_tenant_id_department_id_name_key_idx (tenant_id, department_id, name_key, id),
    ADD CONSTRAINT users_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id) REFERENCES branches (tenant_id, id),
    ADD CONSTRAINT users_tenant_id_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);

-- +goose Down
ALTER TABLE users
    DROP FOREIGN KEY users_tenant_id_department_id_fkey,
    DROP FOREIGN KEY users_tenant_id_branch_id_fkey,
    DROP KEY users_tenant_id_department_id_name_key_idx,
    DROP KEY users_tenant_id_department_id_created_at_idx,
    DROP KEY users_tenant_id_branch_id_name_key_idx,
    DROP KEY users_tenant_id_branch_id_created_at_idx;
