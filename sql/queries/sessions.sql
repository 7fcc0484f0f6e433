-- name: InsertSession :exec
INSERT INTO sessions (
    tenant_id, id, user_id, refresh_id, previous_refresh_id, ip, user_agent,
    ended_at, end_reason, expires_at, refreshed_at, created_at, version, repeated_refresh_id, repeats_in_a_row,
    refreshed_ip, refreshed_user_agent
) VALUES (
    sqlc.arg(tenant_id), sqlc.arg(id), sqlc.arg(user_id), sqlc.arg(refresh_id), sqlc.narg(previous_refresh_id), sqlc.arg(ip), sqlc.arg(user_agent),
    sqlc.narg(ended_at), sqlc.narg(end_reason), sqlc.arg(expires_at), sqlc.arg(refreshed_at), sqlc.arg(created_at), sqlc.arg(version),
    sqlc.narg(repeated_refresh_id), sqlc.arg(repeats_in_a_row),
    sqlc.narg(refreshed_ip), sqlc.narg(refreshed_user_agent)
);

-- name: GetSession :one
SELECT * FROM sessions
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id);

-- Everything that decides whether a session is valid, in one round trip.
-- name: GetSessionState :one
SELECT
    s.user_id, s.ended_at, s.expires_at,
    u.email, u.role, u.is_active, u.is_superuser,
    t.status AS tenant_status
FROM sessions AS s
JOIN users AS u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
JOIN tenants AS t ON t.id = s.tenant_id
WHERE s.tenant_id = sqlc.arg(tenant_id) AND s.id = sqlc.arg(id);

-- Changes no row if the version differs: of two concurrent refreshes, one succeeds.
-- name: RotateSession :execrows
UPDATE sessions
SET refresh_id = sqlc.arg(refresh_id), previous_refresh_id = sqlc.narg(previous_refresh_id), refreshed_at = sqlc.arg(refreshed_at),
    refreshed_ip = sqlc.narg(refreshed_ip), refreshed_user_agent = sqlc.narg(refreshed_user_agent),
    expires_at = sqlc.arg(expires_at), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version) AND ended_at IS NULL;

-- For a client that lost the reply and gets the newest refresh token again. Changes no row if the
-- session has changed.
-- name: RecordRepeatedRefresh :execrows
UPDATE sessions
SET repeated_refresh_id = sqlc.narg(repeated_refresh_id), repeats_in_a_row = sqlc.arg(repeats_in_a_row), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version) AND ended_at IS NULL;

-- name: EndSession :execrows
UPDATE sessions SET ended_at = sqlc.narg(ended_at), end_reason = sqlc.narg(end_reason), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND ended_at IS NULL;

-- name: EndOtherSessions :execrows
UPDATE sessions SET ended_at = sqlc.narg(ended_at), end_reason = sqlc.narg(end_reason), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND user_id = sqlc.arg(user_id) AND id <> sqlc.arg(id) AND ended_at IS NULL;

-- name: EndUserSessions :execrows
UPDATE sessions SET ended_at = sqlc.narg(ended_at), end_reason = sqlc.narg(end_reason), version = version + 1
WHERE tenant_id = sqlc.arg(tenant_id) AND user_id = sqlc.arg(user_id) AND ended_at IS NULL;

-- The active sessions of a user, newest first.
-- name: ListLiveSessionsOfUser :list created_at DESC without count
SELECT * FROM sessions
WHERE tenant_id = sqlc.arg(tenant_id) AND user_id = sqlc.arg(user_id) AND ended_at IS NULL AND expires_at > sqlc.arg(now);

-- name: ListExpiredSessions :many
SELECT id FROM sessions
WHERE tenant_id = sqlc.arg(tenant_id) AND expires_at <= sqlc.arg(expired_until)
ORDER BY expires_at, id
LIMIT sqlc.arg('limit');

-- Deletes no row if the session was deleted or refreshed meanwhile.
-- name: DeleteExpiredSession :execrows
DELETE FROM sessions
WHERE tenant_id = sqlc.arg(tenant_id) AND id = sqlc.arg(id) AND expires_at <= sqlc.arg(expired_until);
