-- The foreign keys are added here, because departments also refer to users.

-- tenantry: only postgres, mysql
ALTER TABLE users
    ADD CONSTRAINT users_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id) REFERENCES branches (tenant_id, id),
    ADD CONSTRAINT users_tenant_id_department_id_fkey FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id);
-- tenantry: all engines
CREATE INDEX users_tenant_id_branch_id_created_at_idx ON users (tenant_id, branch_id, created_at, id);
CREATE INDEX users_tenant_id_branch_id_name_key_idx ON users (tenant_id, branch_id, name_key, id);
CREATE INDEX users_tenant_id_department_id_created_at_idx ON users (tenant_id, department_id, created_at, id);
CREATE INDEX users_tenant_id_department_id_name_key_idx ON users (tenant_id, department_id, name_key, id);

-- tenantry: down
UPDATE users SET branch_id = NULL, department_id = NULL;
