-- sealed_at is when a seal was made. The hash of the seal covers it. Seals of earlier programs have none.

ALTER TABLE audit_seals ADD COLUMN sealed_at time;

-- Earlier programs can't verify seals with a time. These seals go, and their entries wait for a seal again.
-- tenantry: down
UPDATE audit_links SET seal_number = 0
WHERE EXISTS (
    SELECT 1 FROM audit_seals AS s
    WHERE s.tenant_id = audit_links.tenant_id AND s.sealed_at IS NOT NULL AND s.number <= audit_links.seal_number
);
-- MariaDB computes the inner SELECT again while rows are deleted, so there it is joined.
-- tenantry: only mysql
DELETE s FROM audit_seals AS s
JOIN (SELECT tenant_id, min(number) AS number FROM audit_seals WHERE sealed_at IS NOT NULL GROUP BY tenant_id) AS timed
    ON timed.tenant_id = s.tenant_id AND s.number >= timed.number;
-- tenantry: only postgres, sqlite
DELETE FROM audit_seals
WHERE number >= (
    SELECT timed.number
    FROM (SELECT s.tenant_id, min(s.number) AS number FROM audit_seals AS s WHERE s.sealed_at IS NOT NULL GROUP BY s.tenant_id) AS timed
    WHERE timed.tenant_id = audit_seals.tenant_id
);
-- tenantry: all engines
ALTER TABLE audit_seals DROP COLUMN sealed_at;
