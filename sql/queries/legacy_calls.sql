-- Changes no row if there is none yet.
-- name: AddLegacyCalls :execrows
UPDATE legacy_calls
SET calls = calls + sqlc.arg(more),
    last_called_at = CASE WHEN last_called_at < sqlc.arg(called_at) THEN sqlc.arg(called_at) ELSE last_called_at END
WHERE tenant_id = sqlc.arg(tenant_id) AND operation = sqlc.arg(operation) AND user_agent = sqlc.arg(user_agent);

-- name: InsertLegacyCalls :exec
INSERT INTO legacy_calls (
    tenant_id, operation, user_agent, calls, first_called_at, last_called_at
) VALUES (
    sqlc.arg(tenant_id), sqlc.arg(operation), sqlc.arg(user_agent), sqlc.arg(calls), sqlc.arg(first_called_at), sqlc.arg(last_called_at)
);

-- name: CountLegacyCallers :one
SELECT count(*) FROM legacy_calls
WHERE tenant_id = sqlc.arg(tenant_id);

-- Callers in all tenants, so that the operator knows who still uses the old paths.
-- name: ListLegacyCallsUnscoped :many
SELECT c.tenant_id, t.code AS tenant_code, c.operation, c.user_agent, c.calls, c.first_called_at, c.last_called_at
FROM legacy_calls AS c
JOIN tenants AS t ON t.id = c.tenant_id
ORDER BY c.last_called_at DESC, c.tenant_id, c.operation, c.user_agent
LIMIT sqlc.arg('limit');
