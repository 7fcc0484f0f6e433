-- A subject identifies an account and a network. It belongs to no tenant.
-- name: InsertLoginNetwork :exec
INSERT INTO login_networks (subject, last_login_at)
VALUES (sqlc.arg(subject), sqlc.arg(last_login_at));

-- name: GetLoginNetwork :one
SELECT * FROM login_networks
WHERE subject = sqlc.arg(subject);

-- name: UpdateLoginNetwork :execrows
UPDATE login_networks SET last_login_at = sqlc.arg(last_login_at)
WHERE subject = sqlc.arg(subject);

-- name: ListOldLoginNetworks :many
SELECT subject FROM login_networks
WHERE last_login_at < sqlc.arg(forgotten_before)
ORDER BY last_login_at
LIMIT sqlc.arg('limit');

-- name: DeleteLoginNetwork :execrows
DELETE FROM login_networks
WHERE subject = sqlc.arg(subject) AND last_login_at <= sqlc.arg(last_login_until);
