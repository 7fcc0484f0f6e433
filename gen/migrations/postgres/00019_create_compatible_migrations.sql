-- Code generated from sql/migrations/00019_create_compatible_migrations.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE compatible_migrations (
    version_id bigint NOT NULL,
    PRIMARY KEY (version_id)
);
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regrole('tenantry_serving') IS NOT NULL THEN
        REVOKE INSERT, UPDATE, DELETE ON compatible_migrations FROM tenantry_serving;
    END IF;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE compatible_migrations;
