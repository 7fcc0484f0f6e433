-- sealed_at is when a seal was made. The hash of the seal covers it. Seals of earlier programs have none.

ALTER TABLE audit_seals ADD COLUMN sealed_at time;

-- Earlier programs can't verify seals with a time. These seals go, and their entries wait for a seal again. The inner
-- SELECT groups, because MySQL reads the table that it deletes from only through a temporary table.
-- tenantry: down
UPDATE audit_links SET seal_number = 0
WHERE seal_number >= (SELECT min(s.number) FROM audit_seals AS s WHERE s.tenant_id = audit_links.tenant_id AND s.sealed_at IS NOT NULL);
DELETE FROM audit_seals
WHERE number >= (
    SELECT timed.number
    FROM (SELECT s.tenant_id, min(s.number) AS number FROM audit_seals AS s WHERE s.sealed_at IS NOT NULL GROUP BY s.tenant_id) AS timed
    WHERE timed.tenant_id = audit_seals.tenant_id
);
