-- Code generated from sql/migrations/00007_create_sessions.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE sessions (
    tenant_id            uuid         NOT NULL,
    id                   uuid         NOT NULL,
    user_id              uuid         NOT NULL,
    refresh_id           uuid         NOT NULL,
    previous_refresh_id  uuid,
    ip                   varchar(45)  NOT NULL,
    user_agent           varchar(512) NOT NULL,
    ended_at             timestamptz,
    end_reason           varchar(32),
    expires_at           timestamptz  NOT NULL,
    refreshed_at         timestamptz  NOT NULL,
    created_at           timestamptz  NOT NULL,
    version              bigint       NOT NULL,
    repeated_refresh_id  uuid,
    repeats_in_a_row     bigint       NOT NULL DEFAULT 0,
    refreshed_ip         varchar(45),
    refreshed_user_agent varchar(512),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sessions_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON sessions USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE INDEX sessions_tenant_id_user_id_idx ON sessions (tenant_id, user_id, ended_at);
CREATE INDEX sessions_tenant_id_user_id_created_at_idx ON sessions (tenant_id, user_id, created_at, id);
CREATE INDEX sessions_tenant_id_expires_at_idx ON sessions (tenant_id, expires_at, id);

-- +goose Down
DROP TABLE sessions;
