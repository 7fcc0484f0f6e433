-- A seal closes the links that have its number. hash is the end of the chain up to here; trace has the first 8 bytes of the hash
-- of each link, which say where links and seal part company.
--
-- Without seals every link waits for one: before the table is made, and when it is gone.

-- +goose Up
UPDATE audit_links SET seal_number = 0 WHERE seal_number <> 0;
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
UPDATE audit_links SET seal_number = 0 WHERE seal_number <> 0;
DROP TABLE audit_seals;
