-- Lists of a user's sessions are in the order of time, and sessions that have expired are deleted a few at a time.

-- +goose Up
CREATE INDEX IF NOT EXISTS sessions_tenant_id_user_id_created_at_idx ON sessions (tenant_id, user_id, created_at, id);
CREATE INDEX IF NOT EXISTS sessions_tenant_id_expires_at_idx ON sessions (tenant_id, expires_at, id);

-- +goose Down
DROP INDEX sessions_tenant_id_expires_at_idx;
DROP INDEX sessions_tenant_id_user_id_created_at_idx;
