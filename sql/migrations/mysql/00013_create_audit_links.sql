-- An entry's place in its tenant's chain, kept when the entry is pruned. seal_number is 0 until a seal covers it; so it isn't a
-- foreign key. Nor is tenant_id, which would be looked up for every change: the entry in the same transaction has one.

-- +goose Up
CREATE TABLE IF NOT EXISTS audit_links (
    tenant_id   char(36)    NOT NULL,
    entry_id    char(36)    NOT NULL,
    occurred_at datetime(6) NOT NULL,
    key_id      varchar(16) NOT NULL,
    mac         blob        NOT NULL,
    seal_number bigint      NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    KEY audit_links_tenant_id_seal_number_idx (tenant_id, seal_number, entry_id)
);

-- The links stay, as long as there are entries: nothing else can prove afterwards that those were written by Tenantry.
-- +goose Down
SELECT 1;
