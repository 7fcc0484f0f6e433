-- When a seal was made. It is part of what the seal's hash covers. Seals of earlier programs have none.
--
-- Down takes away the seals that have a time, because earlier programs can't verify them. Their entries wait for a seal again.

-- +goose Up
ALTER TABLE audit_seals ADD COLUMN IF NOT EXISTS sealed_at timestamptz;

-- The owner of the tables sees all tenants' rows only without FORCE.
-- +goose Down
ALTER TABLE audit_links NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_seals NO FORCE ROW LEVEL SECURITY;
UPDATE audit_links SET seal_number = 0
WHERE seal_number >= (SELECT min(s.number) FROM audit_seals AS s WHERE s.tenant_id = audit_links.tenant_id AND s.sealed_at IS NOT NULL);
DELETE FROM audit_seals
WHERE number >= (SELECT min(s.number) FROM audit_seals AS s WHERE s.tenant_id = audit_seals.tenant_id AND s.sealed_at IS NOT NULL);
ALTER TABLE audit_links FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_seals DROP COLUMN IF EXISTS sealed_at;
