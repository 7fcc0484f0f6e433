-- Code generated from sql/migrations/00001_create_roles.sql by storegen. DO NOT EDIT.

-- +goose Up
SELECT 1;

-- +goose Down
SELECT 1;
