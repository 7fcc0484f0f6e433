-- Code generated from sql/migrations/00020_create_audit_repeats.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE audit_repeats (
    tenant_id uuid_text NOT NULL,
    entry_id  uuid_text NOT NULL,
    requests  bigint    NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT audit_repeats_tenant_id_entry_id_fkey FOREIGN KEY (tenant_id, entry_id) REFERENCES audit_entries (tenant_id, id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE audit_repeats;
