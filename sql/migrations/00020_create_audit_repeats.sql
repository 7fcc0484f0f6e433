-- The number of requests that an audit entry stands for, if it is more than one. The entry itself is signed and never
-- changes.

CREATE TABLE audit_repeats (
    tenant_id uuid NOT NULL,
    entry_id  uuid NOT NULL,
    requests  int  NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT audit_repeats_tenant_id_entry_id_fkey FOREIGN KEY (tenant_id, entry_id) REFERENCES audit_entries (tenant_id, id) ON DELETE CASCADE
);
