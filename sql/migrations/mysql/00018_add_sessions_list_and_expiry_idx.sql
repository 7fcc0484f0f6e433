-- Lists of a user's sessions are in the order of time, and sessions that have expired are deleted a few at a time.

-- +goose Up
ALTER TABLE sessions
    ADD KEY sessions_tenant_id_user_id_created_at_idx (tenant_id, user_id, created_at, id),
    ADD KEY sessions_tenant_id_expires_at_idx (tenant_id, expires_at, id);

-- +goose Down
ALTER TABLE sessions
    DROP KEY sessions_tenant_id_expires_at_idx,
    DROP KEY sessions_tenant_id_user_id_created_at_idx;
