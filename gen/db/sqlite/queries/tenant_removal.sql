-- To delete a tenant in batches: each pair of queries lists the next ids in order, and changes or
-- deletes the rows in that range. Starting after the last range avoids scanning deleted rows.
-- name: ListSessionIDs :many
SELECT id FROM sessions
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id)
ORDER BY id
LIMIT sqlc.arg('limit');

-- name: DeleteSessionsBetween :execrows
DELETE FROM sessions
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id) AND id <= sqlc.arg(last_id);

-- name: ListUserIDs :many
SELECT id FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id)
ORDER BY id
LIMIT sqlc.arg('limit');

-- name: DeleteUsersBetween :execrows
DELETE FROM users
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id) AND id <= sqlc.arg(last_id);

-- name: ListAuditEntryIDs :many
SELECT id FROM audit_entries
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id)
ORDER BY id
LIMIT sqlc.arg('limit');

-- name: DeleteAuditEntriesBetween :execrows
DELETE FROM audit_entries
WHERE tenant_id = sqlc.arg(tenant_id) AND id > sqlc.arg(after_id) AND id <= sqlc.arg(last_id);

-- name: ListAuditLinkIDs :many
SELECT entry_id FROM audit_links
WHERE tenant_id = sqlc.arg(tenant_id) AND entry_id > sqlc.arg(after_id)
ORDER BY entry_id
LIMIT sqlc.arg('limit');

-- name: DeleteAuditLinksBetween :execrows
DELETE FROM audit_links
WHERE tenant_id = sqlc.arg(tenant_id) AND entry_id > sqlc.arg(after_id) AND entry_id <= sqlc.arg(last_id);

-- name: DeleteAuditSealsUpTo :execrows
DELETE FROM audit_seals
WHERE tenant_id = sqlc.arg(tenant_id) AND number <= sqlc.arg(last_number);
