-- name: InsertOneTimeToken :exec
INSERT INTO one_time_tokens (
    tenant_id, user_id, token_hash, expires_at, created_at
) VALUES (
    sqlc.arg(tenant_id), sqlc.arg(user_id), sqlc.arg(token_hash), sqlc.arg(expires_at), sqlc.arg(created_at)
);

-- Everything that decides whether a token is valid, in one round trip. The client knows the token,
-- but not yet the tenant.
-- name: GetOneTimeTokenUnscoped :one
SELECT
    o.tenant_id, o.user_id, o.expires_at,
    u.email, u.account_id, u.is_invited, u.is_active, u.is_superuser, u.version AS user_version,
    t.status AS tenant_status
FROM one_time_tokens AS o
JOIN users AS u ON u.tenant_id = o.tenant_id AND u.id = o.user_id
JOIN tenants AS t ON t.id = o.tenant_id
WHERE o.token_hash = sqlc.arg(token_hash);

-- Deletes no row if the token was used or replaced.
-- name: UseOneTimeToken :execrows
DELETE FROM one_time_tokens
WHERE tenant_id = sqlc.arg(tenant_id) AND user_id = sqlc.arg(user_id) AND token_hash = sqlc.arg(token_hash);

-- name: DeleteOneTimeTokenOfUser :execrows
DELETE FROM one_time_tokens
WHERE tenant_id = sqlc.arg(tenant_id) AND user_id = sqlc.arg(user_id);
