-- name: InsertDepartment :exec
INSERT INTO departments (
    tenant_id, id, company_id, branch_id, parent_id, head_user_id,
    code, name, name_key, description, is_active, search_text, created_at, updated_at, version
) VALUES (
    sqlc.arg(tenant_id), sqlc.arg(id), sqlc.arg(company_id), sqlc.narg(branch_id), sqlc.narg(parent_id), sqlc.narg(head_user_id),
    sqlc.arg(code), sqlc.arg(name), sqlc.arg(name_key), sqlc.narg(description), sqlc.arg(is_active), sqlc.arg(search_text), sqlc.arg(created_at), sqlc.arg(updated_at), sqlc.arg(version)
);

-- name: GetDepartment :one
SELECT * FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id);

-- Compare and swap: 0 rows when the department is gone or has another version by now.
-- name: UpdateDepartment :execrows
UPDATE departments
SET branch_id = sqlc.narg(branch_id), parent_id = sqlc.narg(parent_id), head_user_id = sqlc.narg(head_user_id),
    code = sqlc.arg(code), name = sqlc.arg(name), name_key = sqlc.arg(name_key), description = sqlc.narg(description), is_active = sqlc.arg(is_active),
    search_text = sqlc.arg(search_text), updated_at = sqlc.arg(updated_at), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version);

-- name: ListDepartments :list created_at, name_key AS name
SELECT * FROM departments
WHERE tenant_id = sqlc.arg(tenant_id)
  AND optional(code = sqlc.narg(code))
  AND optional(company_id = sqlc.narg(company_id))
  AND optional(branch_id = sqlc.narg(branch_id))
  AND optional(parent_id = sqlc.narg(parent_id))
  AND optional(is_active = sqlc.narg(is_active))
  AND search(search_text LIKE sqlc.narg(pattern));

-- What stands where in a company.
-- name: ListDepartmentPlaces :many
SELECT id, branch_id, parent_id
FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.arg(company_id)
ORDER BY id;

-- What departments are deleted with: a range of a company's, and the deletion of that range.
-- name: ListDepartmentsOfCompany :many
SELECT * FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.arg(company_id) AND id >= sqlc.arg(first_id) AND id <= sqlc.arg(last_id)
ORDER BY id;

-- name: DeleteDepartmentsOfCompany :execrows
DELETE FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.arg(company_id) AND id >= sqlc.arg(first_id) AND id <= sqlc.arg(last_id);

-- name: ListDepartmentsOfHead :many
SELECT * FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND head_user_id = sqlc.arg(head_user_id)
ORDER BY id
LIMIT sqlc.arg('limit');

-- name: ListDepartmentNodes :many
SELECT id, company_id, branch_id, parent_id, head_user_id, code, name, is_active
FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND optional(company_id = sqlc.narg(company_id))
ORDER BY name_key, id
LIMIT sqlc.arg('limit');
