-- name: InsertTenant :exec
INSERT INTO tenants (
    id, code, name, name_key, tier, status, max_companies, max_users,
    contact_name, contact_email, contact_phone, search_text, created_at, updated_at, version, lock_count
) VALUES (
    sqlc.arg(id), sqlc.arg(code), sqlc.arg(name), sqlc.arg(name_key), sqlc.arg(tier), sqlc.arg(status), sqlc.narg(max_companies), sqlc.narg(max_users),
    sqlc.narg(contact_name), sqlc.narg(contact_email), sqlc.narg(contact_phone), sqlc.arg(search_text), sqlc.arg(created_at), sqlc.arg(updated_at), sqlc.arg(version), sqlc.arg(lock_count)
);

-- name: GetTenant :one
SELECT * FROM tenants
WHERE id = sqlc.arg(id);

-- Changes no row if the tenant was deleted or has another version.
-- name: UpdateTenant :execrows
UPDATE tenants
SET code = sqlc.arg(code), name = sqlc.arg(name), name_key = sqlc.arg(name_key), tier = sqlc.arg(tier), status = sqlc.arg(status),
    max_companies = sqlc.narg(max_companies), max_users = sqlc.narg(max_users),
    contact_name = sqlc.narg(contact_name), contact_email = sqlc.narg(contact_email), contact_phone = sqlc.narg(contact_phone),
    search_text = sqlc.arg(search_text), updated_at = sqlc.arg(updated_at), version = version + 1
WHERE id = sqlc.arg(id) AND version = sqlc.arg(version);

-- name: DeleteTenant :execrows
DELETE FROM tenants
WHERE id = sqlc.arg(id) AND version = sqlc.arg(version);

-- For jobs that process all tenants, one after the other.
-- name: ListTenantCodes :many
SELECT id, code FROM tenants
WHERE code > sqlc.arg(after_code)
ORDER BY code
LIMIT sqlc.arg('limit');

-- Locks a tenant until the end of the transaction. On a Galera cluster a lock is known only on its
-- own node, so this also changes the row: of two transactions on different nodes, one fails at
-- COMMIT and is retried. Changes no row if the tenant was deleted.
-- name: LockTenant :execrows
UPDATE tenants SET lock_count = lock_count + 1
WHERE id = sqlc.arg(id);

-- name: ListTenants :list created_at, name_key AS name
SELECT * FROM tenants
WHERE optional(code = sqlc.narg(code))
  AND optional(tier = sqlc.narg(tier))
  AND optional(status = sqlc.narg(status))
  AND search(search_text LIKE sqlc.narg(pattern));

-- The numbers of rows of a tenant. The counts of lists aren't used, because their filters prevent
-- counting in the index alone.
-- name: CountTenantCompanies :one
SELECT count(*) FROM companies WHERE tenant_id = sqlc.arg(tenant_id);

-- name: CountTenantBranches :one
SELECT count(*) FROM branches WHERE tenant_id = sqlc.arg(tenant_id);

-- name: CountTenantDepartments :one
SELECT count(*) FROM departments WHERE tenant_id = sqlc.arg(tenant_id);

-- name: CountTenantUsers :one
SELECT count(*) FROM users WHERE tenant_id = sqlc.arg(tenant_id);

-- name: CountTenantActiveUsers :one
SELECT count(*) FROM users WHERE tenant_id = sqlc.arg(tenant_id) AND is_active;

-- name: CountTenantAuditEntries :one
SELECT count(*) FROM audit_entries WHERE tenant_id = sqlc.arg(tenant_id);
