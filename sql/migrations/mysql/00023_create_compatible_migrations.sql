-- The migrations that say of themselves that older programs run with the schema that they make, see docs/adr/0020-upgrades.md.
-- A program looks here for migrations that it doesn't know. Only `tenantry migrate` writes to this table.

-- +goose Up
CREATE TABLE compatible_migrations (
    version_id bigint NOT NULL,
    PRIMARY KEY (version_id)
);

-- +goose Down
DROP TABLE compatible_migrations;
