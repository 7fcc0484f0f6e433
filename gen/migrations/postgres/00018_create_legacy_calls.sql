-- Code generated from sql/migrations/00018_create_legacy_calls.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE legacy_calls (
    tenant_id       uuid                     NOT NULL,
    operation       varchar(64) COLLATE "C"  NOT NULL,
    user_agent      varchar(200) COLLATE "C" NOT NULL,
    calls           bigint                   NOT NULL,
    first_called_at timestamptz              NOT NULL,
    last_called_at  timestamptz              NOT NULL,
    PRIMARY KEY (tenant_id, operation, user_agent),
    CONSTRAINT legacy_calls_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
ALTER TABLE legacy_calls ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON legacy_calls USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE INDEX legacy_calls_last_called_at_idx ON legacy_calls (last_called_at);
CREATE POLICY unscoped_reading ON legacy_calls FOR SELECT USING (current_setting('app.unscoped', true) = 'on');

-- +goose Down
DROP TABLE legacy_calls;
