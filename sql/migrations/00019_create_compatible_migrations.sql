-- The migrations that are marked as compatible with older programs, see docs/adr/0020-upgrades.md. A program looks here
-- for migrations that it doesn't know. Only `tenantry migrate` writes to this table.

CREATE TABLE compatible_migrations (
    version_id int NOT NULL,
    PRIMARY KEY (version_id)
);
-- tenantry: only postgres
DO $$
BEGIN
    IF to_regrole('tenantry_serving') IS NOT NULL THEN
        REVOKE INSERT, UPDATE, DELETE ON compatible_migrations FROM tenantry_serving;
    END IF;
END
$$;

-- tenantry: down
DROP TABLE compatible_migrations;
