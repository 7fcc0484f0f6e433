-- Code generated from sql/migrations/00012_create_audit_links.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE audit_links (
    tenant_id   uuid_text   NOT NULL,
    entry_id    uuid_text   NOT NULL,
    occurred_at datetime    NOT NULL,
    key_id      varchar(16) NOT NULL,
    mac         blob        NOT NULL,
    seal_number bigint      NOT NULL,
    PRIMARY KEY (tenant_id, entry_id)
);
CREATE INDEX audit_links_tenant_id_seal_number_idx ON audit_links (tenant_id, seal_number, entry_id);

-- +goose Down
DROP TABLE audit_links;
