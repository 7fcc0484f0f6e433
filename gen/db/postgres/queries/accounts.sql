-- Accounts belong to no tenant, so only internal/auth uses these queries. A test checks that.
-- name: InsertAccount :exec
INSERT INTO accounts (
    id, email, password_hash, managed_by, last_login_at, created_at, updated_at, version
) VALUES (
    sqlc.arg(id), sqlc.arg(email), sqlc.arg(password_hash), sqlc.narg(managed_by), sqlc.narg(last_login_at),
    sqlc.arg(created_at), sqlc.arg(updated_at), sqlc.arg(version)
);

-- name: GetAccount :one
SELECT * FROM accounts
WHERE id = sqlc.arg(id);

-- name: GetAccountByEmail :one
SELECT * FROM accounts
WHERE email = sqlc.arg(email);

-- The accounts with one of four e-mail addresses.
-- name: ListAccountsByEmail :many
SELECT * FROM accounts
WHERE email IN (sqlc.arg(email_1), sqlc.arg(email_2), sqlc.arg(email_3), sqlc.arg(email_4))
ORDER BY email;

-- tenantry doctor looks for addresses in the form of earlier versions.
-- name: ListAccountEmails :many
SELECT id, email FROM accounts
WHERE email > sqlc.arg(after_email)
ORDER BY email
LIMIT sqlc.arg('limit');

-- Whether there is an account: without accounts, the installation is new.
-- name: CountAccounts :one
SELECT count(*) FROM accounts;

-- The highest bcrypt cost in use: comparing a password must take as long if there is no account. A
-- hash begins with the bcrypt version and the cost, so the last hash of a version has its highest
-- cost.
-- name: GetLastPasswordHash :one
SELECT id, password_hash FROM accounts
WHERE password_hash < sqlc.arg(below)
ORDER BY password_hash DESC
LIMIT 1;

-- For a log-in, which may store a stronger hash of the password. Changes no row if the password has
-- changed since it was checked.
-- name: RecordAccountLogin :execrows
UPDATE accounts SET last_login_at = sqlc.narg(last_login_at), password_hash = sqlc.arg(password_hash)
WHERE id = sqlc.arg(id) AND password_hash = sqlc.arg(checked_hash);

-- Changes no row if the password has changed since it was checked.
-- name: ReplaceAccountPasswordHash :execrows
UPDATE accounts SET password_hash = sqlc.arg(password_hash), updated_at = sqlc.arg(updated_at), version = version + 1
WHERE id = sqlc.arg(id) AND password_hash = sqlc.arg(checked_hash);

-- Changes no row if the account was deleted or has another version.
-- name: SetAccountPasswordHash :execrows
UPDATE accounts SET password_hash = sqlc.arg(password_hash), updated_at = sqlc.arg(updated_at), version = version + 1
WHERE id = sqlc.arg(id) AND version = sqlc.arg(version);

-- The database sets the address of the account's users, too. Changes no row if the account was
-- deleted or has another version.
-- name: SetAccountEmail :execrows
UPDATE accounts SET email = sqlc.arg(email), updated_at = sqlc.arg(updated_at), version = version + 1
WHERE id = sqlc.arg(id) AND version = sqlc.arg(version);

-- Locks the account until the end of the transaction.
-- name: LockAccount :execrows
UPDATE accounts SET updated_at = sqlc.arg(updated_at), version = version + 1
WHERE id = sqlc.arg(id);

-- From now on only the person may change password and address. Changes no row if the account was
-- deleted or has another version.
-- name: ReleaseAccount :execrows
UPDATE accounts SET managed_by = NULL, updated_at = sqlc.arg(updated_at), version = version + 1
WHERE id = sqlc.arg(id) AND version = sqlc.arg(version);

-- Deletes no row if the account has a user in any tenant.
-- name: DeleteAccountUnscoped :execrows
DELETE FROM accounts
WHERE accounts.id = sqlc.arg(id) AND NOT EXISTS (SELECT 1 FROM users AS u WHERE u.account_id = accounts.id);

-- For the removal of a tenant, whose users are gone already.
-- name: ListManagedAccountIDs :many
SELECT id FROM accounts
WHERE managed_by = sqlc.narg(managed_by) AND id > sqlc.arg(after_id)
ORDER BY id
LIMIT sqlc.arg('limit');

-- name: DeleteManagedAccountsBetweenUnscoped :execrows
DELETE FROM accounts
WHERE accounts.managed_by = sqlc.narg(managed_by) AND accounts.id >= sqlc.arg(first_id) AND accounts.id <= sqlc.arg(last_id)
  AND NOT EXISTS (SELECT 1 FROM users AS u WHERE u.account_id = accounts.id);
