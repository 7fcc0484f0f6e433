-- Code generated from sql/migrations/00012_create_audit_links.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE audit_links (
    tenant_id   char(36)    NOT NULL,
    entry_id    char(36)    NOT NULL,
    occurred_at datetime(6) NOT NULL,
    key_id      varchar(16) NOT NULL,
    mac         blob        NOT NULL,
    seal_number bigint      NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    KEY audit_links_tenant_id_seal_number_idx (tenant_id, seal_number, entry_id)
);

-- +goose Down
DROP TABLE audit_links;
