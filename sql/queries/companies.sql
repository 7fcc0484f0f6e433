-- Locks a company as LockTenant locks a tenant. Changes no row if the company was deleted.
-- name: LockCompany :execrows
UPDATE companies SET lock_count = lock_count + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id);

-- name: ListCompanyNodes :many
SELECT id, code, name, is_active
FROM companies
WHERE tenant_id = sqlc.arg(tenant_id) AND optional(id = sqlc.narg(company_id))
ORDER BY name_key, id
LIMIT sqlc.arg('limit');
