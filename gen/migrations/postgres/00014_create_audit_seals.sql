-- Code generated from sql/migrations/00014_create_audit_seals.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE audit_seals (
    tenant_id uuid                    NOT NULL,
    number    bigint                  NOT NULL,
    last_seq  bigint                  NOT NULL,
    key_id    varchar(16) COLLATE "C" NOT NULL,
    trace     bytea                   NOT NULL,
    hash      bytea                   NOT NULL,
    PRIMARY KEY (tenant_id, number),
    CONSTRAINT audit_seals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);
ALTER TABLE audit_seals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON audit_seals USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);

-- +goose Down
ALTER TABLE audit_links NO FORCE ROW LEVEL SECURITY;
UPDATE audit_links SET seal_number = 0 WHERE seal_number <> 0;
ALTER TABLE audit_links FORCE ROW LEVEL SECURITY;
DROP TABLE audit_seals;
