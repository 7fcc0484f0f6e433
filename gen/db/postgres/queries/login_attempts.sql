-- Attempts belong to no tenant. A subject is a network, or an e-mail address that may have no
-- account.
-- name: InsertLoginAttempt :exec
INSERT INTO login_attempts (
    subject, failures, blocked_until, last_failed_at
) VALUES (
    sqlc.arg(subject), sqlc.arg(failures), sqlc.arg(blocked_until), sqlc.arg(last_failed_at)
);

-- name: GetLoginAttempt :one
SELECT * FROM login_attempts
WHERE subject = sqlc.arg(subject);

-- The delays for an attempt. An IPv6 address belongs to three networks. Subjects that don't apply
-- are empty.
-- name: ListLoginBlocks :many
SELECT subject, blocked_until FROM login_attempts
WHERE subject IN (
    sqlc.arg(address), sqlc.arg(wider_address), sqlc.arg(widest_address),
    sqlc.arg(pair), sqlc.arg(wider_pair), sqlc.arg(widest_pair), sqlc.arg(account)
) AND blocked_until > sqlc.arg(now)
ORDER BY blocked_until;

-- Changes no row if nothing is counted yet or the subject is blocked. failures is set before
-- last_failed_at, because MySQL assigns from left to right.
-- name: CountLoginFailure :execrows
UPDATE login_attempts
SET failures = CASE WHEN last_failed_at >= sqlc.arg(forgotten_before) THEN failures + 1 ELSE 1 END, last_failed_at = sqlc.arg(now)
WHERE subject = sqlc.arg(subject) AND blocked_until <= sqlc.arg(now);

-- name: BlockLoginAttempts :execrows
UPDATE login_attempts SET blocked_until = sqlc.arg(blocked_until)
WHERE subject = sqlc.arg(subject);

-- name: DeleteLoginAttempt :execrows
DELETE FROM login_attempts
WHERE subject = sqlc.arg(subject) AND last_failed_at <= sqlc.arg(last_failed_until);

-- name: ListOldLoginAttempts :many
SELECT subject FROM login_attempts
WHERE last_failed_at < sqlc.arg(forgotten_before)
ORDER BY last_failed_at
LIMIT sqlc.arg('limit');
