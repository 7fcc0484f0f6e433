-- To delete a company: lists its next branches, and deletes branches up to an id.
-- name: ListBranchesOfCompany :many
SELECT * FROM branches
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.arg(company_id)
ORDER BY id
LIMIT sqlc.arg('limit');

-- name: DeleteBranchesOfCompany :execrows
DELETE FROM branches
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.arg(company_id) AND id <= sqlc.arg(last_id);

-- name: ListBranchNodes :many
SELECT id, company_id, code, name, is_headquarters, is_active
FROM branches
WHERE tenant_id = sqlc.arg(tenant_id) AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
ORDER BY name_key, id
LIMIT sqlc.arg('limit');
