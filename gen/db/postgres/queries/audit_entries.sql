-- name: InsertAuditEntry :exec
INSERT INTO audit_entries (
    tenant_id, id, occurred_at, occurred_on, actor_id, actor_email, actor_role, actor_is_superuser, session_id,
    action, action_area, entity_type, entity_id, entity_label, changes, outcome, reason, ip, user_agent, request_id, method, path, search_text
) VALUES (
    sqlc.arg(tenant_id), sqlc.arg(id), sqlc.arg(occurred_at), sqlc.arg(occurred_on),
    sqlc.narg(actor_id), sqlc.narg(actor_email), sqlc.narg(actor_role), sqlc.arg(actor_is_superuser), sqlc.narg(session_id),
    sqlc.arg(action), sqlc.arg(action_area), sqlc.narg(entity_type), sqlc.narg(entity_id), sqlc.narg(entity_label), sqlc.arg(changes),
    sqlc.arg(outcome), sqlc.narg(reason), sqlc.arg(ip), sqlc.arg(user_agent), sqlc.arg(request_id), sqlc.arg(method), sqlc.arg(path), sqlc.arg(search_text)
);

-- name: GetAuditEntry :one
SELECT * FROM audit_entries
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id);

-- Newest first, by the time in the entry. So since and before limit the range of the index, and ids
-- may differ from the order of time. The first page starts at before. With both limits SQLite would
-- prefer the index on time to that of a filter; without since it uses the filter's index.
-- name: ListAuditEntries :many
SELECT *
FROM audit_entries
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (occurred_at, id) < (sqlc.arg(after_occurred_at)::timestamptz, sqlc.arg(after_id)::uuid)
  AND (occurred_at >= sqlc.narg(since) OR sqlc.narg(since) IS NULL)
  AND (actor_id = sqlc.narg(actor_id) OR sqlc.narg(actor_id) IS NULL)
  AND (action = sqlc.narg(action) OR sqlc.narg(action) IS NULL)
  AND (action_area = sqlc.narg(action_area) OR sqlc.narg(action_area) IS NULL)
  AND (entity_type = sqlc.narg(entity_type) OR sqlc.narg(entity_type) IS NULL)
  AND (entity_id = sqlc.narg(entity_id) OR sqlc.narg(entity_id) IS NULL)
  AND (outcome = sqlc.narg(outcome) OR sqlc.narg(outcome) IS NULL)
  AND (ip = sqlc.narg(ip) OR sqlc.narg(ip) IS NULL)
  AND (request_id = sqlc.narg(request_id) OR sqlc.narg(request_id) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY occurred_at DESC, id DESC
LIMIT sqlc.arg('limit');

-- name: CountAuditEntries :one
SELECT count(*)
FROM audit_entries
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (occurred_at >= sqlc.narg(since) OR sqlc.narg(since) IS NULL)
  AND occurred_at < sqlc.arg(before)
  AND (actor_id = sqlc.narg(actor_id) OR sqlc.narg(actor_id) IS NULL)
  AND (action = sqlc.narg(action) OR sqlc.narg(action) IS NULL)
  AND (action_area = sqlc.narg(action_area) OR sqlc.narg(action_area) IS NULL)
  AND (entity_type = sqlc.narg(entity_type) OR sqlc.narg(entity_type) IS NULL)
  AND (entity_id = sqlc.narg(entity_id) OR sqlc.narg(entity_id) IS NULL)
  AND (outcome = sqlc.narg(outcome) OR sqlc.narg(outcome) IS NULL)
  AND (ip = sqlc.narg(ip) OR sqlc.narg(ip) IS NULL)
  AND (request_id = sqlc.narg(request_id) OR sqlc.narg(request_id) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL);

-- sqlc must generate int64 for entries on all engines, so that their rows can be converted. It does
-- so if the expression has a column that is never null, such as version. The column is read once
-- per group, not per entry.
-- name: CountAuditEntriesByAction :many
SELECT c.action, coalesce(0 * t.version + c.entries, t.version) AS entries
FROM (
    SELECT e.tenant_id, e.action, count(*) AS entries
    FROM audit_entries AS e
    WHERE e.tenant_id = sqlc.arg(tenant_id) AND e.occurred_at >= sqlc.arg(since) AND e.occurred_at < sqlc.arg(before)
    GROUP BY e.tenant_id, e.action
    ORDER BY count(*) DESC, e.action
    LIMIT sqlc.arg('limit')
) AS c
JOIN tenants AS t ON t.id = c.tenant_id
ORDER BY c.entries DESC, c.action;

-- name: CountAuditEntriesByActor :many
SELECT c.actor_id, c.actor_email, coalesce(0 * t.version + c.entries, t.version) AS entries
FROM (
    SELECT e.tenant_id, e.actor_id, e.actor_email, count(*) AS entries
    FROM audit_entries AS e
    WHERE e.tenant_id = sqlc.arg(tenant_id) AND e.occurred_at >= sqlc.arg(since) AND e.occurred_at < sqlc.arg(before) AND e.actor_id IS NOT NULL
    GROUP BY e.tenant_id, e.actor_id, e.actor_email
    ORDER BY count(*) DESC, e.actor_id, e.actor_email
    LIMIT sqlc.arg('limit')
) AS c
JOIN tenants AS t ON t.id = c.tenant_id
ORDER BY c.entries DESC, c.actor_id, c.actor_email;

-- name: CountAuditEntriesByDay :many
SELECT c.occurred_on, coalesce(0 * t.version + c.entries, t.version) AS entries
FROM (
    SELECT e.tenant_id, e.occurred_on, count(*) AS entries
    FROM audit_entries AS e
    WHERE e.tenant_id = sqlc.arg(tenant_id) AND e.occurred_at >= sqlc.arg(since) AND e.occurred_at < sqlc.arg(before)
    GROUP BY e.tenant_id, e.occurred_on
    ORDER BY e.occurred_on
    LIMIT sqlc.arg('limit')
) AS c
JOIN tenants AS t ON t.id = c.tenant_id
ORDER BY c.occurred_on;

-- The keys of the oldest entries, up to which DeleteAuditEntriesUpTo can delete. Not every engine
-- has DELETE with LIMIT.
-- name: ListOldestAuditEntryKeys :many
SELECT occurred_at, id FROM audit_entries
WHERE tenant_id = sqlc.arg(tenant_id) AND occurred_at < sqlc.arg(before)
ORDER BY occurred_at, id
LIMIT sqlc.arg('limit');

-- Deletes up to and including the row (last_occurred_at, last_id).
-- name: DeleteAuditEntriesUpTo :execrows
DELETE FROM audit_entries
WHERE tenant_id = sqlc.arg(tenant_id)
  AND occurred_at <= sqlc.arg(last_occurred_at) AND (occurred_at < sqlc.arg(last_occurred_at) OR id <= sqlc.arg(last_id));
