-- Code generated from sql/migrations/00007_create_sessions.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE sessions (
    tenant_id            char(36)     NOT NULL,
    id                   char(36)     NOT NULL,
    user_id              char(36)     NOT NULL,
    refresh_id           char(36)     NOT NULL,
    previous_refresh_id  char(36),
    ip                   varchar(45)  NOT NULL,
    user_agent           varchar(512) NOT NULL,
    ended_at             datetime(6),
    end_reason           varchar(32),
    expires_at           datetime(6)  NOT NULL,
    refreshed_at         datetime(6)  NOT NULL,
    created_at           datetime(6)  NOT NULL,
    version              bigint       NOT NULL,
    repeated_refresh_id  char(36),
    repeats_in_a_row     bigint       NOT NULL DEFAULT 0,
    refreshed_ip         varchar(45),
    refreshed_user_agent varchar(512),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sessions_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    KEY sessions_tenant_id_user_id_idx (tenant_id, user_id, ended_at),
    KEY sessions_tenant_id_user_id_created_at_idx (tenant_id, user_id, created_at, id),
    KEY sessions_tenant_id_expires_at_idx (tenant_id, expires_at, id)
);

-- +goose Down
DROP TABLE sessions;
