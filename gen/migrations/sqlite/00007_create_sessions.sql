-- Code generated from sql/migrations/00007_create_sessions.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE sessions (
    tenant_id            uuid_text    NOT NULL,
    id                   uuid_text    NOT NULL,
    user_id              uuid_text    NOT NULL,
    refresh_id           uuid_text    NOT NULL,
    previous_refresh_id  uuid_text,
    ip                   varchar(45)  NOT NULL,
    user_agent           varchar(512) NOT NULL,
    ended_at             datetime,
    end_reason           varchar(32),
    expires_at           datetime     NOT NULL,
    refreshed_at         datetime     NOT NULL,
    created_at           datetime     NOT NULL,
    version              bigint       NOT NULL,
    repeated_refresh_id  uuid_text,
    repeats_in_a_row     bigint       NOT NULL DEFAULT 0,
    refreshed_ip         varchar(45),
    refreshed_user_agent varchar(512),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sessions_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_tenant_id_user_id_idx ON sessions (tenant_id, user_id, ended_at);
CREATE INDEX sessions_tenant_id_user_id_created_at_idx ON sessions (tenant_id, user_id, created_at, id);
CREATE INDEX sessions_tenant_id_expires_at_idx ON sessions (tenant_id, expires_at, id);

-- +goose Down
DROP TABLE sessions;
