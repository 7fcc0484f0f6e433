-- A seal closes the links that have its number. hash is the end of the chain up to here; trace has the first 8 bytes of the hash
-- of each link, which say where links and seal part company.

-- +goose Up
CREATE TABLE audit_seals (
    tenant_id char(36)    NOT NULL,
    number    bigint      NOT NULL,
    last_seq  bigint      NOT NULL,
    key_id    varchar(16) NOT NULL,
    trace     blob        NOT NULL,
    hash      blob        NOT NULL,
    PRIMARY KEY (tenant_id, number),
    CONSTRAINT audit_seals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);

-- +goose Down
DROP TABLE audit_seals;
