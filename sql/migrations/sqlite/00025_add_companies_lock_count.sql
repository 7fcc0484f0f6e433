-- LockCompany changes lock_count and nothing else does, as LockTenant does for tenants.

-- +goose Up
ALTER TABLE companies ADD COLUMN lock_count bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE companies DROP COLUMN lock_count;
