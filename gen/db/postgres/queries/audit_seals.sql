-- name: InsertAuditSeal :exec
INSERT INTO audit_seals (tenant_id, number, last_seq, key_id, trace, hash)
VALUES (
    sqlc.arg(tenant_id), sqlc.arg(number), sqlc.arg(last_seq), sqlc.arg(key_id), sqlc.arg(trace), sqlc.arg(hash)
);

-- name: GetLastAuditSeal :one
SELECT tenant_id, number, last_seq, key_id, trace, hash FROM audit_seals
WHERE tenant_id = sqlc.arg(tenant_id)
ORDER BY number DESC
LIMIT 1;

-- name: ListAuditSeals :many
SELECT tenant_id, number, last_seq, key_id, trace, hash FROM audit_seals
WHERE tenant_id = sqlc.arg(tenant_id) AND number > sqlc.arg(after_number)
ORDER BY number
LIMIT sqlc.arg('limit');
