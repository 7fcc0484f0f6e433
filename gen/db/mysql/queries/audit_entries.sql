-- name: InsertAuditEntry :exec
INSERT INTO audit_entries (
    tenant_id, id, occurred_at, actor_id, actor_email, actor_role, actor_is_superuser, session_id,
    action, entity_type, entity_id, entity_label, changes, outcome, reason, ip, user_agent, request_id, method, path
) VALUES (
    sqlc.arg(tenant_id), sqlc.arg(id), sqlc.arg(occurred_at),
    sqlc.narg(actor_id), sqlc.narg(actor_email), sqlc.narg(actor_role), sqlc.arg(actor_is_superuser), sqlc.narg(session_id),
    sqlc.arg(action), sqlc.narg(entity_type), sqlc.narg(entity_id), sqlc.narg(entity_label), sqlc.arg(changes),
    sqlc.arg(outcome), sqlc.narg(reason), sqlc.arg(ip), sqlc.arg(user_agent), sqlc.arg(request_id), sqlc.arg(method), sqlc.arg(path)
);

-- name: GetAuditEntry :one
SELECT
    tenant_id, id, occurred_at, actor_id, actor_email, actor_role, actor_is_superuser, session_id,
    action, entity_type, entity_id, entity_label, changes, outcome, reason, ip, user_agent, request_id, method, path
FROM audit_entries
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id);
