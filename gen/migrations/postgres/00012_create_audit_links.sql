-- Code generated from sql/migrations/00012_create_audit_links.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE audit_links (
    tenant_id   uuid                    NOT NULL,
    entry_id    uuid                    NOT NULL,
    occurred_at timestamptz             NOT NULL,
    key_id      varchar(16) COLLATE "C" NOT NULL,
    mac         bytea                   NOT NULL,
    seal_number bigint                  NOT NULL,
    PRIMARY KEY (tenant_id, entry_id)
);
ALTER TABLE audit_links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON audit_links USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE INDEX audit_links_tenant_id_seal_number_idx ON audit_links (tenant_id, seal_number, entry_id);
CREATE POLICY unscoped_reading ON audit_links FOR SELECT USING (current_setting('app.unscoped', true) = 'on');

-- +goose Down
DROP TABLE audit_links;
