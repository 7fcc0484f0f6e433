-- A link is the place of an audit entry in its tenant's chain. It stays when the entry is pruned. seal_number is 0
-- until a seal covers the link, so it isn't a foreign key. Neither is tenant_id, to save a look-up for each change: the
-- entry in the same transaction has a foreign key to the tenant.
--
-- The table comes before audit_entries, so that no schema version has entries without links: nothing can prove
-- afterwards that Tenantry wrote them.

CREATE TABLE audit_links (
    tenant_id   uuid    NOT NULL,
    entry_id    uuid    NOT NULL,
    occurred_at time    NOT NULL,
    key_id      key(16) NOT NULL,
    mac         bytes   NOT NULL,
    seal_number int     NOT NULL,
    PRIMARY KEY (tenant_id, entry_id)
);
CREATE INDEX audit_links_tenant_id_seal_number_idx ON audit_links (tenant_id, seal_number, entry_id);
-- tenantry: unscoped_reading audit_links
