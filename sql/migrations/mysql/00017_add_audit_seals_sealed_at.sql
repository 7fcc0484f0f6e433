-- When a seal was made. It is part of what the seal's hash covers. Seals of earlier programs have none.
--
-- Down takes away the seals that have a time, because earlier programs can't verify them. Their entries wait for a seal again.

-- +goose Up
ALTER TABLE audit_seals ADD COLUMN sealed_at datetime(6);

-- +goose Down
UPDATE audit_links SET seal_number = 0
WHERE seal_number >= (SELECT min(s.number) FROM audit_seals AS s WHERE s.tenant_id = audit_links.tenant_id AND s.sealed_at IS NOT NULL);
DELETE s FROM audit_seals AS s
JOIN (SELECT tenant_id, min(number) AS number FROM audit_seals WHERE sealed_at IS NOT NULL GROUP BY tenant_id) AS timed
    ON timed.tenant_id = s.tenant_id AND s.number >= timed.number;
ALTER TABLE audit_seals DROP COLUMN sealed_at;
