-- Code generated from sql/migrations/00008_create_one_time_tokens.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE one_time_tokens (
    tenant_id  char(36)    NOT NULL,
    user_id    char(36)    NOT NULL,
    token_hash varchar(64) NOT NULL,
    expires_at datetime(6) NOT NULL,
    created_at datetime(6) NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT one_time_tokens_token_hash_key UNIQUE (token_hash),
    CONSTRAINT one_time_tokens_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE one_time_tokens;
