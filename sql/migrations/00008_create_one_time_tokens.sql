-- A user has at most one token. The table has only its SHA-256.

CREATE TABLE one_time_tokens (
    tenant_id  uuid    NOT NULL,
    user_id    uuid    NOT NULL,
    token_hash key(64) NOT NULL,
    expires_at time    NOT NULL,
    created_at time    NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT one_time_tokens_token_hash_key UNIQUE (token_hash),
    CONSTRAINT one_time_tokens_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
-- tenantry: unscoped_reading one_time_tokens
