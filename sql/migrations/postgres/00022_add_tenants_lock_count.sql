-- LockTenant changes lock_count and nothing else does. Galera compares what transactions have written, and not what they
-- have locked: two that lock a row on different nodes exclude each other only if both change it.

-- +goose Up
ALTER TABLE tenants ADD COLUMN lock_count bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE tenants DROP COLUMN lock_count;
