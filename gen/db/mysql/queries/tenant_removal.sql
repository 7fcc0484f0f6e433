-- What a tenant is deleted with, a batch after the other: the ids of the next rows, in
-- order, and the change to the rows of that range. Going on after the last range spares
-- an engine from passing over all that is deleted already.
-- name: ListSessionIDs :many
SELECT id FROM sessions
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id)
ORDER BY id
LIMIT ?;

-- name: DeleteSessionsBetween :execrows
DELETE FROM sessions
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id) AND id <= sqlc.arg(last_id);

-- name: ListUserIDs :many
SELECT id FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id)
ORDER BY id
LIMIT ?;

-- name: DeleteUsersBetween :execrows
DELETE FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id) AND id <= sqlc.arg(last_id);

-- name: ListDepartmentIDs :many
SELECT id FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id)
ORDER BY id
LIMIT ?;

-- name: DeleteDepartmentsBetween :execrows
DELETE FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id) AND id <= sqlc.arg(last_id);

-- Departments refer to each other, and to users who refer to departments: without these
-- references, each can go by itself.
-- name: ListAttachedDepartmentIDs :many
SELECT id FROM departments
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id) AND (parent_id IS NOT NULL OR head_user_id IS NOT NULL)
ORDER BY id
LIMIT ?;

-- name: DetachDepartmentsBetween :execrows
UPDATE departments SET parent_id = NULL, head_user_id = NULL
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id) AND id <= sqlc.arg(last_id);

-- name: ListBranchIDs :many
SELECT id FROM branches
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id)
ORDER BY id
LIMIT ?;

-- name: DeleteBranchesBetween :execrows
DELETE FROM branches
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id) AND id <= sqlc.arg(last_id);

-- name: ListCompanyIDs :many
SELECT id FROM companies
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id)
ORDER BY id
LIMIT ?;

-- name: DeleteCompaniesBetween :execrows
DELETE FROM companies
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id) AND id <= sqlc.arg(last_id);

-- name: ListAuditEntryIDs :many
SELECT id FROM audit_entries
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id)
ORDER BY id
LIMIT ?;

-- name: DeleteAuditEntriesBetween :execrows
DELETE FROM audit_entries
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id) AND id <= sqlc.arg(last_id);

-- name: ListAuditLinkIDs :many
SELECT entry_id FROM audit_links
WHERE tenant_id = sqlc.arg(tenant_id) AND entry_id > sqlc.arg(after_id)
ORDER BY entry_id
LIMIT ?;

-- name: DeleteAuditLinksBetween :execrows
DELETE FROM audit_links
WHERE tenant_id = sqlc.arg(tenant_id) AND entry_id > sqlc.arg(after_id) AND entry_id <= sqlc.arg(last_id);

-- name: DeleteAuditSealsUpTo :execrows
DELETE FROM audit_seals
WHERE tenant_id = sqlc.arg(tenant_id) AND number <= sqlc.arg(last_number);
