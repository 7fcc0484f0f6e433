-- Code generated from sql/migrations/00014_create_audit_seals.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE audit_seals (
    tenant_id uuid_text   NOT NULL,
    number    bigint      NOT NULL,
    last_seq  bigint      NOT NULL,
    key_id    varchar(16) NOT NULL,
    trace     blob        NOT NULL,
    hash      blob        NOT NULL,
    PRIMARY KEY (tenant_id, number),
    CONSTRAINT audit_seals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);

-- +goose Down
UPDATE audit_links SET seal_number = 0 WHERE seal_number <> 0;
DROP TABLE audit_seals;
