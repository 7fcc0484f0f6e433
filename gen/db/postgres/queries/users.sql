-- name: InsertUser :exec
INSERT INTO users (
    tenant_id, id, email, account_id, is_invited, full_name, name_key, phone, role, is_active, is_superuser,
    company_id, branch_id, department_id, last_login_at, search_text, created_at, updated_at, version
) VALUES (
    sqlc.arg(tenant_id), sqlc.arg(id), sqlc.arg(email), sqlc.narg(account_id), sqlc.arg(is_invited), sqlc.arg(full_name), sqlc.arg(name_key), sqlc.narg(phone),
    sqlc.arg(role), sqlc.arg(is_active), sqlc.arg(is_superuser),
    sqlc.narg(company_id), sqlc.narg(branch_id), sqlc.narg(department_id),
    sqlc.narg(last_login_at), sqlc.arg(search_text), sqlc.arg(created_at), sqlc.arg(updated_at), sqlc.arg(version)
);

-- name: GetUser :one
SELECT * FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id);

-- The users of a tenant with one of four e-mail addresses.
-- name: ListUsersByEmail :many
SELECT * FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND email IN (sqlc.arg(email_1), sqlc.arg(email_2), sqlc.arg(email_3), sqlc.arg(email_4))
ORDER BY email;

-- The tenants of an account, and the state of its users there.
-- name: ListMembershipsUnscoped :many
SELECT
    u.tenant_id, u.id AS user_id, u.role, u.is_active, u.is_superuser, u.last_login_at,
    t.code AS tenant_code, t.name AS tenant_name, t.status AS tenant_status
FROM users AS u
JOIN tenants AS t ON t.id = u.tenant_id
WHERE u.account_id = sqlc.narg(account_id)
ORDER BY u.tenant_id;

-- name: ListUsersOfCompany :many
SELECT id, email, company_id, branch_id, department_id
FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND company_id = sqlc.arg(company_id)
ORDER BY id
LIMIT sqlc.arg('limit');

-- The users who are assigned to any branch of a company, or to one branch.
-- name: ListUsersOfBranches :many
SELECT u.id, u.email, u.company_id, u.branch_id, u.department_id
FROM users u
JOIN branches b ON b.tenant_id = u.tenant_id AND b.id = u.branch_id
WHERE b.tenant_id = sqlc.arg(tenant_id) AND b.company_id = sqlc.arg(company_id) AND (b.id = sqlc.narg(branch_id) OR sqlc.narg(branch_id) IS NULL)
ORDER BY u.id
LIMIT sqlc.arg('limit');

-- The users who are assigned to a department in a range of a company's departments.
-- name: ListUsersOfDepartments :many
SELECT u.id, u.email, u.company_id, u.branch_id, u.department_id
FROM users u
JOIN departments d ON d.tenant_id = u.tenant_id AND d.id = u.department_id
WHERE d.tenant_id = sqlc.arg(tenant_id) AND d.company_id = sqlc.arg(company_id) AND d.id >= sqlc.arg(first_id) AND d.id <= sqlc.arg(last_id)
ORDER BY u.id
LIMIT sqlc.arg('limit');

-- The users of a department who are assigned to a branch other than this one.
-- name: ListUsersOfOtherBranch :many
SELECT id, email, company_id, branch_id, department_id
FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND department_id = sqlc.arg(department_id) AND branch_id <> sqlc.arg(branch_id)
ORDER BY id
LIMIT sqlc.arg('limit');

-- The number of users for each assignment to a company or to something in it. The count is computed
-- as in CountAuditEntriesByAction.
-- name: ListAssignmentsToCompany :many
SELECT a.company_id, a.branch_id, a.department_id, coalesce(0 * t.version + a.users, t.version) AS users
FROM (
    SELECT u.tenant_id, u.company_id, u.branch_id, u.department_id, count(*) AS users
    FROM users AS u
    WHERE u.tenant_id = sqlc.arg(tenant_id) AND (
        u.branch_id IN (SELECT b.id FROM branches AS b WHERE b.tenant_id = sqlc.arg(tenant_id) AND b.company_id = sqlc.arg(company_id))
        OR u.department_id IN (SELECT d.id FROM departments AS d WHERE d.tenant_id = sqlc.arg(tenant_id) AND d.company_id = sqlc.arg(company_id))
        OR u.company_id IN (SELECT c.id FROM companies AS c WHERE c.tenant_id = sqlc.arg(tenant_id) AND c.id = sqlc.arg(company_id))
    )
    GROUP BY u.tenant_id, u.company_id, u.branch_id, u.department_id
) AS a
JOIN tenants AS t ON t.id = a.tenant_id
ORDER BY a.company_id, a.branch_id, a.department_id;

-- The company is locked while assignments change, so the user's version isn't needed. Changes no
-- row if the user was deleted.
-- name: SetUserAssignment :execrows
UPDATE users
SET company_id = sqlc.narg(company_id), branch_id = sqlc.narg(branch_id), department_id = sqlc.narg(department_id),
    updated_at = sqlc.arg(updated_at), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id);

-- Changes no row if the user was deleted or has another version.
-- name: UpdateUser :execrows
UPDATE users
SET email = sqlc.arg(email), full_name = sqlc.arg(full_name), name_key = sqlc.arg(name_key), phone = sqlc.narg(phone),
    role = sqlc.arg(role), is_active = sqlc.arg(is_active),
    company_id = sqlc.narg(company_id), branch_id = sqlc.narg(branch_id), department_id = sqlc.narg(department_id),
    search_text = sqlc.arg(search_text), updated_at = sqlc.arg(updated_at), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version);

-- name: DeleteUser :execrows
DELETE FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version);

-- Changes no row if the user is no longer active, or has another account.
-- name: RecordUserLogin :execrows
UPDATE users SET last_login_at = sqlc.narg(last_login_at)
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND account_id = sqlc.narg(account_id) AND is_active;

-- An invitation is accepted. Changes no row if the user was deleted or has another version.
-- name: AcceptUser :execrows
UPDATE users SET account_id = sqlc.narg(account_id), is_invited = false, updated_at = sqlc.arg(updated_at), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version);

-- The users who can log in. An invited user can't yet.
-- name: CountOtherActiveAdmins :one
SELECT count(*) FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND id <> sqlc.arg(id) AND role = 'admin' AND is_active AND NOT is_invited;

-- name: CountOtherActiveSuperusers :one
SELECT count(*) FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND id <> sqlc.arg(id) AND is_superuser AND is_active AND NOT is_invited;

-- name: ListUsersByCreatedAt :many
SELECT *
FROM users
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (created_at, id) > (sqlc.arg(after_created_at)::timestamptz, sqlc.arg(after_id)::uuid)
  AND (email = sqlc.narg(email) OR sqlc.narg(email) IS NULL)
  AND (role = sqlc.narg(role) OR sqlc.narg(role) IS NULL)
  AND (is_active = sqlc.narg(is_active) OR sqlc.narg(is_active) IS NULL)
  AND (is_invited = sqlc.narg(is_invited) OR sqlc.narg(is_invited) IS NULL)
  AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
  AND (branch_id = sqlc.narg(branch_id) OR sqlc.narg(branch_id) IS NULL)
  AND (department_id = sqlc.narg(department_id) OR sqlc.narg(department_id) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY created_at, id
LIMIT sqlc.arg('limit');

-- name: ListUsersByCreatedAtDesc :many
SELECT *
FROM users
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (created_at, id) < (sqlc.arg(after_created_at)::timestamptz, sqlc.arg(after_id)::uuid)
  AND (email = sqlc.narg(email) OR sqlc.narg(email) IS NULL)
  AND (role = sqlc.narg(role) OR sqlc.narg(role) IS NULL)
  AND (is_active = sqlc.narg(is_active) OR sqlc.narg(is_active) IS NULL)
  AND (is_invited = sqlc.narg(is_invited) OR sqlc.narg(is_invited) IS NULL)
  AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
  AND (branch_id = sqlc.narg(branch_id) OR sqlc.narg(branch_id) IS NULL)
  AND (department_id = sqlc.narg(department_id) OR sqlc.narg(department_id) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY created_at DESC, id DESC
LIMIT sqlc.arg('limit');

-- name: ListUsersByName :many
SELECT *
FROM users
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (name_key, id) > (sqlc.arg(after_name_key)::text, sqlc.arg(after_id)::uuid)
  AND (email = sqlc.narg(email) OR sqlc.narg(email) IS NULL)
  AND (role = sqlc.narg(role) OR sqlc.narg(role) IS NULL)
  AND (is_active = sqlc.narg(is_active) OR sqlc.narg(is_active) IS NULL)
  AND (is_invited = sqlc.narg(is_invited) OR sqlc.narg(is_invited) IS NULL)
  AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
  AND (branch_id = sqlc.narg(branch_id) OR sqlc.narg(branch_id) IS NULL)
  AND (department_id = sqlc.narg(department_id) OR sqlc.narg(department_id) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY name_key, id
LIMIT sqlc.arg('limit');

-- name: ListUsersByNameDesc :many
SELECT *
FROM users
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (name_key, id) < (sqlc.arg(after_name_key)::text, sqlc.arg(after_id)::uuid)
  AND (email = sqlc.narg(email) OR sqlc.narg(email) IS NULL)
  AND (role = sqlc.narg(role) OR sqlc.narg(role) IS NULL)
  AND (is_active = sqlc.narg(is_active) OR sqlc.narg(is_active) IS NULL)
  AND (is_invited = sqlc.narg(is_invited) OR sqlc.narg(is_invited) IS NULL)
  AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
  AND (branch_id = sqlc.narg(branch_id) OR sqlc.narg(branch_id) IS NULL)
  AND (department_id = sqlc.narg(department_id) OR sqlc.narg(department_id) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY name_key DESC, id DESC
LIMIT sqlc.arg('limit');

-- name: CountUsers :one
SELECT count(*)
FROM users
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (email = sqlc.narg(email) OR sqlc.narg(email) IS NULL)
  AND (role = sqlc.narg(role) OR sqlc.narg(role) IS NULL)
  AND (is_active = sqlc.narg(is_active) OR sqlc.narg(is_active) IS NULL)
  AND (is_invited = sqlc.narg(is_invited) OR sqlc.narg(is_invited) IS NULL)
  AND (company_id = sqlc.narg(company_id) OR sqlc.narg(company_id) IS NULL)
  AND (branch_id = sqlc.narg(branch_id) OR sqlc.narg(branch_id) IS NULL)
  AND (department_id = sqlc.narg(department_id) OR sqlc.narg(department_id) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL);
