-- name: InsertUser :exec
INSERT INTO users (
    tenant_id, id, email, password_hash, full_name, phone, role, is_active, is_superuser,
    company_id, branch_id, department_id, last_login_at, created_at, updated_at, version
) VALUES (
    sqlc.arg(tenant_id), sqlc.arg(id), sqlc.arg(email), sqlc.narg(password_hash), sqlc.arg(full_name), sqlc.narg(phone),
    sqlc.arg(role), sqlc.arg(is_active), sqlc.arg(is_superuser),
    sqlc.narg(company_id), sqlc.narg(branch_id), sqlc.narg(department_id),
    sqlc.narg(last_login_at), sqlc.arg(created_at), sqlc.arg(updated_at), sqlc.arg(version)
);

-- name: GetUser :one
SELECT
    tenant_id, id, email, password_hash, full_name, phone, role, is_active, is_superuser,
    company_id, branch_id, department_id, last_login_at, created_at, updated_at, version
FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id);

-- Log-in knows an e-mail address and not yet a tenant.
-- name: GetUserByEmailUnscoped :one
SELECT
    tenant_id, id, email, password_hash, full_name, phone, role, is_active, is_superuser,
    company_id, branch_id, department_id, last_login_at, created_at, updated_at, version
FROM users
WHERE email = sqlc.arg(email);

-- Whether an installation is new is a question about all tenants.
-- name: CountUsersUnscoped :one
SELECT count(*) FROM users;

-- name: ListUsersOfCompany :many
SELECT id, email, company_id, branch_id, department_id
FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.narg(company_id)
ORDER BY id;

-- name: CountUsersOfCompany :one
SELECT count(*) FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.narg(company_id);

-- name: DetachUsersFromCompany :execrows
UPDATE users
SET company_id = NULL, branch_id = NULL, department_id = NULL, updated_at = sqlc.arg(updated_at), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.narg(company_id);

-- Compare and swap: 0 rows when the user is gone or has another version by now.
-- name: UpdateUserProfile :execrows
UPDATE users
SET full_name = sqlc.arg(full_name), phone = sqlc.narg(phone), updated_at = sqlc.arg(updated_at), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version);

-- Log-in, which may give the password a stronger hash. 0 rows when the password that
-- was checked isn't the user's any more.
-- name: RecordUserLogin :execrows
UPDATE users SET last_login_at = sqlc.narg(last_login_at), password_hash = sqlc.narg(password_hash)
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND password_hash = sqlc.narg(checked_hash);

-- 0 rows when the password that was checked isn't the user's any more.
-- name: ReplaceUserPasswordHash :execrows
UPDATE users SET password_hash = sqlc.narg(password_hash), updated_at = sqlc.arg(updated_at), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND password_hash = sqlc.narg(checked_hash);
