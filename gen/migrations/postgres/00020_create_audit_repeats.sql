-- Code generated from sql/migrations/00020_create_audit_repeats.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE audit_repeats (
    tenant_id uuid   NOT NULL,
    entry_id  uuid   NOT NULL,
    requests  bigint NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT audit_repeats_tenant_id_entry_id_fkey FOREIGN KEY (tenant_id, entry_id) REFERENCES audit_entries (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE audit_repeats ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON audit_repeats USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);

-- +goose Down
DROP TABLE audit_repeats;
