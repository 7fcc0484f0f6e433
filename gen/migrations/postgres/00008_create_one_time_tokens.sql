-- Code generated from sql/migrations/00008_create_one_time_tokens.sql by storegen. DO NOT EDIT.

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
ALTER TABLE one_time_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON one_time_tokens USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY unscoped_reading ON one_time_tokens FOR SELECT USING (current_setting('app.unscoped', true) = 'on');

-- +goose Down
DROP TABLE one_time_tokens;
