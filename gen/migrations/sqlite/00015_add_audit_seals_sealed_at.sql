-- Code generated from sql/migrations/00015_add_audit_seals_sealed_at.sql by storegen. DO NOT EDIT.

-- +goose Up
ALTER TABLE audit_seals ADD COLUMN sealed_at datetime;

-- +goose Down
UPDATE audit_links SET seal_number = 0
WHERE EXISTS (
    SELECT 1 FROM audit_seals AS s
    WHERE s.tenant_id = audit_links.tenant_id AND s.sealed_at IS NOT NULL AND s.number <= audit_links.seal_number
);
DELETE FROM audit_seals
WHERE number >= (
    SELECT timed.number
    FROM (SELECT s.tenant_id, min(s.number) AS number FROM audit_seals AS s WHERE s.sealed_at IS NOT NULL GROUP BY s.tenant_id) AS timed
    WHERE timed.tenant_id = audit_seals.tenant_id
);
ALTER TABLE audit_seals DROP COLUMN sealed_at;
