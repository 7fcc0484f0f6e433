-- name: InsertAuditRepeats :exec
INSERT INTO audit_repeats (tenant_id, entry_id, requests)
VALUES (sqlc.arg(tenant_id), sqlc.arg(entry_id), sqlc.arg(requests));

-- Changes no row if the entry stands for only one request so far.
-- name: AddAuditRepeat :execrows
UPDATE audit_repeats SET requests = requests + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND entry_id = sqlc.arg(entry_id);

-- name: GetAuditRepeats :one
SELECT * FROM audit_repeats
WHERE tenant_id = sqlc.arg(tenant_id) AND entry_id = sqlc.arg(entry_id);
