-- name: InsertAuditLink :exec
INSERT INTO audit_links (tenant_id, entry_id, occurred_at, key_id, mac, seal_number)
VALUES (
    sqlc.arg(tenant_id), sqlc.arg(entry_id), sqlc.arg(occurred_at), sqlc.arg(key_id), sqlc.arg(mac), sqlc.arg(seal_number)
);

-- name: GetAuditLink :one
SELECT * FROM audit_links
WHERE tenant_id = sqlc.arg(tenant_id) AND entry_id = sqlc.arg(entry_id);

-- The links of the seals after one up to another. The numbers -1 and 0 select links that have no
-- seal yet.
-- name: ListAuditLinks :many
SELECT * FROM audit_links
WHERE tenant_id = sqlc.arg(tenant_id)
  AND seal_number > sqlc.arg(after_seal) AND seal_number <= sqlc.arg(last_seal) AND entry_id >= sqlc.arg(from_entry_id)
ORDER BY seal_number, entry_id
LIMIT sqlc.arg('limit');

-- The entries of those links that still exist.
-- name: ListLinkedAuditEntries :many
SELECT e.* FROM audit_links AS l
JOIN audit_entries AS e ON e.tenant_id = l.tenant_id AND e.id = l.entry_id
WHERE l.tenant_id = sqlc.arg(tenant_id)
  AND l.seal_number > sqlc.arg(after_seal) AND l.seal_number <= sqlc.arg(last_seal) AND l.entry_id >= sqlc.arg(from_entry_id)
ORDER BY l.seal_number, l.entry_id
LIMIT sqlc.arg('limit');

-- The last of the first 1000 links without a seal; no row if there are fewer.
-- name: GetWaitingAuditLinkAhead :one
SELECT tenant_id, entry_id FROM audit_links
WHERE tenant_id = sqlc.arg(tenant_id) AND seal_number = 0
ORDER BY entry_id
LIMIT 1 OFFSET 999;

-- Assigns the links without a seal, up to an entry, to a seal. Concurrent calls wait for the end of
-- the transaction.
-- name: ClaimAuditLinks :execrows
UPDATE audit_links SET seal_number = sqlc.arg(seal_number)
WHERE tenant_id = sqlc.arg(tenant_id) AND seal_number = 0 AND entry_id <= sqlc.arg(last_entry_id);

-- An entry in a range of ids that has no link.
-- name: GetUnlinkedAuditEntry :one
SELECT e.id, e.occurred_at FROM audit_entries AS e
WHERE e.tenant_id = sqlc.arg(tenant_id) AND e.id >= sqlc.arg(from_id) AND e.id <= sqlc.arg(last_id)
  AND NOT EXISTS (SELECT 1 FROM audit_links AS l WHERE l.tenant_id = e.tenant_id AND l.entry_id = e.id)
ORDER BY e.id
LIMIT 1;

-- The last of the next 10000 entries in the order of ids; no row if there are fewer.
-- name: GetAuditEntryKeyAhead :one
SELECT tenant_id, id FROM audit_entries
WHERE tenant_id = sqlc.arg(tenant_id) AND id >= sqlc.arg(from_id)
ORDER BY id
LIMIT 1 OFFSET 9999;

-- Tenants that have links without a seal. All tenants, because the sealer also seals what other
-- processes left.
-- name: ListTenantsToSealUnscoped :many
SELECT t.id, t.code FROM tenants AS t
WHERE t.id > sqlc.arg(after_id)
  AND EXISTS (SELECT 1 FROM audit_links AS l WHERE l.tenant_id = t.id AND l.seal_number = 0)
ORDER BY t.id
LIMIT sqlc.arg('limit');
