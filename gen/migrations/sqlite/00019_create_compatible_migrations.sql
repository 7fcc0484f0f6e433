-- Code generated from sql/migrations/00019_create_compatible_migrations.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE compatible_migrations (
    version_id bigint NOT NULL,
    PRIMARY KEY (version_id)
);

-- +goose Down
DROP TABLE compatible_migrations;
