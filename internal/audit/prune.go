package audit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/store"
)

// pruneBatch is how many entries one transaction deletes. It is small, so that other transactions
// don't wait long.
const pruneBatch = 1000

// Pruner deletes old entries.
type Pruner struct {
	store *store.Store
	log   *Log
}

// NewPruner returns a pruner that records deletions in log.
func NewPruner(s *store.Store, log *Log) *Pruner { return &Pruner{store: s, log: log} }

// Count returns how many entries of a tenant are older than t.
func (p *Pruner) Count(ctx context.Context, tenantID uuid.UUID, t time.Time) (int64, error) {
	return db.AuditEntryList.Count(ctx, p.store, before(tenantID, storable(t)))
}

// Prune deletes the entries of a tenant that are older than a time, the oldest first, and returns
// how many. Each batch of 1000 is one transaction, which also writes an entry. So if Prune fails
// half-way, the entries deleted until then are recorded.
func (p *Pruner) Prune(ctx context.Context, tenantID uuid.UUID, before time.Time) (int64, error) {
	var total int64
	for {
		var deleted int64
		err := p.store.Tx(ctx, func(tx store.Tx) error {
			var err error
			deleted, err = p.batch(ctx, tx, tenantID, storable(before))
			return err
		})
		if err != nil || deleted == 0 {
			return total, err
		}
		total += deleted
	}
}

func (p *Pruner) batch(ctx context.Context, tx store.Tx, tenantID uuid.UUID, before time.Time) (int64, error) {
	keys, err := tx.ListOldestAuditEntryKeys(ctx, db.ListOldestAuditEntryKeysParams{TenantID: tenantID, Before: before, Limit: pruneBatch})
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	last := keys[len(keys)-1]
	deleted, err := tx.DeleteAuditEntriesUpTo(ctx, db.DeleteAuditEntriesUpToParams{
		TenantID: tenantID, LastOccurredAt: last.OccurredAt, LastID: last.ID,
	})
	if err != nil {
		return 0, err
	}
	if deleted == 0 {
		return 0, store.ErrStale // a concurrent pruner was faster
	}
	return deleted, p.log.Write(ctx, tx, access.Principal{TenantID: tenantID}, Entry{
		Action: Prune, Changes: Changes{
			"before":  {After: before},
			"entries": {After: deleted},
		},
	})
}
