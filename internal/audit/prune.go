package audit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/store"
)

// pruneBatch is how many entries one transaction deletes: few enough that others needn't wait for it.
const pruneBatch = 1000

// Pruner deletes what is older than a trail has to be.
type Pruner struct {
	store *store.Store
	log   *Log
}

// NewPruner deletes from a store, and writes that down.
func NewPruner(s *store.Store, log *Log) *Pruner { return &Pruner{store: s, log: log} }

// Count returns how many entries of a tenant happened before a time.
func (p *Pruner) Count(ctx context.Context, tenantID uuid.UUID, t time.Time) (int64, error) {
	return db.AuditEntryList.Count(ctx, p.store, before(tenantID, storable(t)))
}

// Prune deletes the entries of a tenant that happened before a time, the oldest first and 1000 at a time, and returns how
// many. Each 1000 have an entry Prune, in the transaction that deletes them: what is gone when Prune fails half-way is written
// down.
func (p *Pruner) Prune(ctx context.Context, tenantID uuid.UUID, before time.Time) (int64, error) {
	var total int64
	for {
		var deleted int64
		err := p.store.Tx(ctx, func(q db.Querier) error {
			var err error
			deleted, err = p.batch(ctx, q, tenantID, storable(before))
			return err
		})
		if err != nil || deleted == 0 {
			return total, err
		}
		total += deleted
	}
}

func (p *Pruner) batch(ctx context.Context, q db.Querier, tenantID uuid.UUID, before time.Time) (int64, error) {
	keys, err := q.ListOldestAuditEntryKeys(ctx, db.ListOldestAuditEntryKeysParams{TenantID: tenantID, Before: before, Limit: pruneBatch})
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	last := keys[len(keys)-1]
	deleted, err := q.DeleteAuditEntriesUpTo(ctx, db.DeleteAuditEntriesUpToParams{
		TenantID: tenantID, LastOccurredAt: last.OccurredAt, LastID: last.ID,
	})
	if err != nil {
		return 0, err
	}
	if deleted == 0 {
		return 0, store.ErrStale // someone else prunes, too, and was faster
	}
	return deleted, p.log.Write(ctx, q, access.Principal{TenantID: tenantID}, Entry{
		Action: Prune, Changes: Changes{
			"before":  {After: before},
			"entries": {After: deleted},
		},
	})
}
