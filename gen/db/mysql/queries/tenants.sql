-- name: InsertTenant :exec
INSERT INTO tenants (
    id, code, name, tier, status, max_companies, max_users,
    contact_name, contact_email, contact_phone, created_at, updated_at, version
) VALUES (
    sqlc.arg(id), sqlc.arg(code), sqlc.arg(name), sqlc.arg(tier), sqlc.arg(status), sqlc.narg(max_companies), sqlc.narg(max_users),
    sqlc.narg(contact_name), sqlc.narg(contact_email), sqlc.narg(contact_phone), sqlc.arg(created_at), sqlc.arg(updated_at), sqlc.arg(version)
);

-- name: GetTenant :one
SELECT
    id, code, name, tier, status, max_companies, max_users,
    contact_name, contact_email, contact_phone, created_at, updated_at, version
FROM tenants
WHERE id = sqlc.arg(id);

-- For what goes through all tenants, one after the other.
-- name: ListTenantCodes :many
SELECT id, code FROM tenants
WHERE code > sqlc.arg(after_code)
ORDER BY code
LIMIT ?;
