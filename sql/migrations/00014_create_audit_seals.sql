-- A seal covers the links that have its number. hash is the end of the chain up to this seal. trace has the first 8
-- bytes of the hash of each link, which show where links and seal begin to differ. Without seals every link waits for
-- one.

CREATE TABLE audit_seals (
    tenant_id uuid    NOT NULL,
    number    int     NOT NULL,
    last_seq  int     NOT NULL,
    key_id    key(16) NOT NULL,
    trace     bytes   NOT NULL,
    hash      bytes   NOT NULL,
    PRIMARY KEY (tenant_id, number),
    CONSTRAINT audit_seals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);

-- tenantry: down
UPDATE audit_links SET seal_number = 0 WHERE seal_number <> 0;
