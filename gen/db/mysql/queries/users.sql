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

-- Everyone who is assigned to a company, to a branch of it or to a department of it.
-- name: ListUsersOfCompany :many
SELECT u.id AS id, u.email, u.company_id, u.branch_id, u.department_id, u.version
FROM users u
JOIN companies c ON c.tenant_id = u.tenant_id AND c.id = u.company_id
WHERE c.tenant_id = sqlc.arg(tenant_id) AND c.id = sqlc.arg(company_id)
UNION
SELECT u.id AS id, u.email, u.company_id, u.branch_id, u.department_id, u.version
FROM users u
JOIN branches b ON b.tenant_id = u.tenant_id AND b.id = u.branch_id
WHERE b.tenant_id = sqlc.arg(tenant_id) AND b.company_id = sqlc.arg(company_id)
UNION
SELECT u.id AS id, u.email, u.company_id, u.branch_id, u.department_id, u.version
FROM users u
JOIN departments d ON d.tenant_id = u.tenant_id AND d.id = u.department_id
WHERE d.tenant_id = sqlc.arg(tenant_id) AND d.company_id = sqlc.arg(company_id)
ORDER BY id;

-- Compare and swap: 0 rows when the user is gone or has another version by now.
-- name: SetUserAssignment :execrows
UPDATE users
SET company_id = sqlc.narg(company_id), branch_id = sqlc.narg(branch_id), department_id = sqlc.narg(department_id),
    updated_at = sqlc.arg(updated_at), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version);

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
