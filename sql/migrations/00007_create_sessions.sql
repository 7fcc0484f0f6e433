-- A client that has lost the answer to a refresh repeats it. repeated_refresh_id is the refresh token that was given
-- again, and repeats_in_a_row counts the successive tokens of the session to which that has happened. refreshed_ip and
-- refreshed_user_agent describe the client of the last refresh; they are NULL until the first one.

CREATE TABLE sessions (
    tenant_id            uuid      NOT NULL,
    id                   uuid      NOT NULL,
    user_id              uuid      NOT NULL,
    refresh_id           uuid      NOT NULL,
    previous_refresh_id  uuid,
    ip                   text(45)  NOT NULL,
    user_agent           text(512) NOT NULL,
    ended_at             time,
    end_reason           text(32),
    expires_at           time      NOT NULL,
    refreshed_at         time      NOT NULL,
    created_at           time      NOT NULL,
    version              int       NOT NULL,
    repeated_refresh_id  uuid,
    repeats_in_a_row     int       NOT NULL DEFAULT 0,
    refreshed_ip         text(45),
    refreshed_user_agent text(512),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sessions_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_tenant_id_user_id_idx ON sessions (tenant_id, user_id, ended_at);
CREATE INDEX sessions_tenant_id_user_id_created_at_idx ON sessions (tenant_id, user_id, created_at, id);
CREATE INDEX sessions_tenant_id_expires_at_idx ON sessions (tenant_id, expires_at, id);
