-- Code generated from sql/migrations/00003_insert_platform_tenant.sql by storegen. DO NOT EDIT.

-- +goose Up
INSERT INTO tenants (id, code, name, name_key, tier, status, search_text, created_at, updated_at, version)
VALUES ('00000000-0000-7000-8000-000000000000', 'PLATFORM', 'Platform', 'platform', 'enterprise', 'active', 'platform
platform', '2020-01-01 00:00:00+00:00', '2020-01-01 00:00:00+00:00', 1);

-- +goose Down
DELETE FROM tenants WHERE id = '00000000-0000-7000-8000-000000000000';
