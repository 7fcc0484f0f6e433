-- Code generated from sql/migrations/00015_add_audit_seals_sealed_at.sql by storegen. DO NOT EDIT.

-- +goose Up
ALTER TABLE audit_seals ADD COLUMN sealed_at datetime(6);

-- +goose Down
UPDATE audit_links SET seal_number = 0
WHERE EXISTS (
    SELECT 1 FROM audit_seals AS s
    WHERE s.tenant_id = audit_links.tenant_id AND s.sealed_at IS NOT NULL AND s.number <= audit_links.seal_number
);
DELETE s FROM audit_seals AS s
JOIN (SELECT tenant_id, min(number) AS number FROM audit_seals WHERE sealed_at IS NOT NULL GROUP BY tenant_id) AS timed
    ON timed.tenant_id = s.tenant_id AND s.number >= timed.number;
ALTER TABLE audit_seals DROP COLUMN sealed_at;
