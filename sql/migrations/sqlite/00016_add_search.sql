-- PostgreSQL searches for texts with an index of trigrams. This engine goes through the rows of the tenant.

-- +goose Up
SELECT 1;

-- +goose Down
SELECT 1;
