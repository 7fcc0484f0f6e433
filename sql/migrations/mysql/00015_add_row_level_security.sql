-- Row-level security is PostgreSQL's, see docs/adr/0012-row-level-security.md.

-- +goose Up
SELECT 1;

-- +goose Down
SELECT 1;
