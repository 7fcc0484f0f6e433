-- The platform is a tenant of its own: superusers live in it, and what belongs to no other tenant is in its audit trail. Both go with it on the way down.

-- +goose Up
INSERT INTO tenants (id, code, name, name_key, tier, status, search_text, created_at, updated_at, version)
VALUES ('00000000-0000-7000-8000-000000000000', 'PLATFORM', 'Platform', 'platform', 'enterprise', 'active', 'platform
platform', '2020-01-01 00:00:00+00:00', '2020-01-01 00:00:00+00:00', 1);

-- +goose Down
-- The foreign keys of users need the tables that they refer to.
CREATE TABLE branches (tenant_id uuid_text, id uuid_text, PRIMARY KEY (tenant_id, id));
CREATE TABLE departments (tenant_id uuid_text, id uuid_text, PRIMARY KEY (tenant_id, id));
DELETE FROM sessions WHERE tenant_id = '00000000-0000-7000-8000-000000000000';
DELETE FROM users WHERE tenant_id = '00000000-0000-7000-8000-000000000000';
DELETE FROM companies WHERE tenant_id = '00000000-0000-7000-8000-000000000000';
DELETE FROM audit_entries WHERE tenant_id = '00000000-0000-7000-8000-000000000000';
DELETE FROM tenants WHERE id = '00000000-0000-7000-8000-000000000000';
DROP TABLE departments;
DROP TABLE branches;
