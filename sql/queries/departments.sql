-- The departments of a company with their positions in the hierarchy.
-- name: ListDepartmentPlaces :many
SELECT id, branch_id, parent_id
FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.arg(company_id)
ORDER BY id;

-- To delete departments: lists a range of a company's departments, and deletes the range.
-- name: ListDepartmentsOfCompany :many
SELECT * FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.arg(company_id) AND id >= sqlc.arg(first_id) AND id <= sqlc.arg(last_id)
ORDER BY id;

-- name: DeleteDepartmentsOfCompany :execrows
DELETE FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.arg(company_id) AND id >= sqlc.arg(first_id) AND id <= sqlc.arg(last_id);

-- name: ListDepartmentNodes :many
SELECT id, company_id, branch_id, parent_id, head_user_id, code, name, is_active
FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND optional(company_id = sqlc.narg(company_id))
ORDER BY name_key, id
LIMIT sqlc.arg('limit');
