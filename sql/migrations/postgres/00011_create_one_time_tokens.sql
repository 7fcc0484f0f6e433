-- A user has at most one token. It is here as its SHA-256 only.

-- +goose Up
CREATE TABLE one_time_tokens (
    tenant_id  uuid                    NOT NULL,
    user_id    uuid                    NOT NULL,
    token_hash varchar(64) COLLATE "C" NOT NULL,
    expires_at timestamptz             NOT NULL,
    created_at timestamptz             NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT one_time_tokens_token_hash_key UNIQUE (token_hash),
    CONSTRAINT one_time_tokens_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE one_time_tokens;
