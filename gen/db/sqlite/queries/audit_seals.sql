-- name: InsertAuditSeal :exec
INSERT INTO audit_seals (tenant_id, number, last_seq, key_id, trace, hash, sealed_at)
VALUES (
    sqlc.arg(tenant_id), sqlc.arg(number), sqlc.arg(last_seq), sqlc.arg(key_id), sqlc.arg(trace), sqlc.arg(hash), sqlc.narg(sealed_at)
);

-- name: GetLastAuditSeal :one
SELECT * FROM audit_seals
WHERE tenant_id = sqlc.arg(tenant_id)
ORDER BY number DESC
LIMIT 1;

-- name: GetAuditSeal :one
SELECT * FROM audit_seals
WHERE tenant_id = sqlc.arg(tenant_id) AND number = sqlc.arg(number);

-- name: ListAuditSeals :many
SELECT * FROM audit_seals
WHERE tenant_id = sqlc.arg(tenant_id) AND number > sqlc.arg(after_number)
ORDER BY number
LIMIT sqlc.arg('limit');
