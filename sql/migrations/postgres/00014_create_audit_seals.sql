-- A seal closes the links that have its number. hash is the end of the chain up to here; trace has the first 8 bytes of the hash
-- of each link, which say where links and seal part company.
--
-- Without seals every link waits for one: before the table is made, and when it is gone. Links of the platform whose entries
-- went with the platform, when migration 6 was taken back, go too.

-- +goose Up
UPDATE audit_links SET seal_number = 0 WHERE seal_number <> 0;
DELETE FROM audit_links
WHERE tenant_id = '00000000-0000-7000-8000-000000000000'
  AND NOT EXISTS (SELECT 1 FROM audit_entries AS e WHERE e.tenant_id = audit_links.tenant_id AND e.id = audit_links.entry_id);
CREATE TABLE audit_seals (
    tenant_id uuid                    NOT NULL,
    number    bigint                  NOT NULL,
    last_seq  bigint                  NOT NULL,
    key_id    varchar(16) COLLATE "C" NOT NULL,
    trace     bytea                   NOT NULL,
    hash      bytea                   NOT NULL,
    PRIMARY KEY (tenant_id, number),
    CONSTRAINT audit_seals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);

-- +goose Down
UPDATE audit_links SET seal_number = 0 WHERE seal_number <> 0;
DROP TABLE audit_seals;
