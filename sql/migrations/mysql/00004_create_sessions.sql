-- +goose Up
CREATE TABLE sessions (
    tenant_id           char(36)     NOT NULL,
    id                  char(36)     NOT NULL,
    user_id             char(36)     NOT NULL,
    refresh_id          char(36)     NOT NULL,
    previous_refresh_id char(36),
    ip                  varchar(45)  NOT NULL,
    user_agent          varchar(512) NOT NULL,
    ended_at            datetime(6),
    end_reason          varchar(32),
    expires_at          datetime(6)  NOT NULL,
    refreshed_at        datetime(6)  NOT NULL,
    created_at          datetime(6)  NOT NULL,
    version             bigint       NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sessions_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    KEY sessions_tenant_id_user_id_idx (tenant_id, user_id, ended_at)
);

-- +goose Down
DROP TABLE sessions;
