-- +goose Up
CREATE TABLE sessions (
    tenant_id           uuid_text    NOT NULL,
    id                  uuid_text    NOT NULL,
    user_id             uuid_text    NOT NULL,
    refresh_id          uuid_text    NOT NULL,
    previous_refresh_id uuid_text,
    ip                  varchar(45)  NOT NULL,
    user_agent          varchar(512) NOT NULL,
    ended_at            datetime,
    end_reason          varchar(32),
    expires_at          datetime     NOT NULL,
    refreshed_at        datetime     NOT NULL,
    created_at          datetime     NOT NULL,
    version             bigint       NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sessions_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_tenant_id_user_id_idx ON sessions (tenant_id, user_id, ended_at);

-- +goose Down
DROP TABLE sessions;
