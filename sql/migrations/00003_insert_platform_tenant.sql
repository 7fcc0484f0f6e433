-- The platform is a tenant of its own. Superusers belong to it, and its audit trail has what belongs to no other tenant.

INSERT INTO tenants (id, code, name, name_key, tier, status, search_text, created_at, updated_at, version)
VALUES ('00000000-0000-7000-8000-000000000000', 'PLATFORM', 'Platform', 'platform', 'enterprise', 'active', 'platform
platform', '2020-01-01 00:00:00+00:00', '2020-01-01 00:00:00+00:00', 1);

-- tenantry: down
DELETE FROM tenants WHERE id = '00000000-0000-7000-8000-000000000000';
