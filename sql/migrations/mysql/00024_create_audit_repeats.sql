-- How many requests an audit entry stands for, where it is more than one. The entry itself is signed and never changes.

-- +goose Up
CREATE TABLE audit_repeats (
    tenant_id char(36) NOT NULL,
    entry_id  char(36) NOT NULL,
    requests  bigint   NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT audit_repeats_tenant_id_entry_id_fkey FOREIGN KEY (tenant_id, entry_id) REFERENCES audit_entries (tenant_id, id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE audit_repeats;
