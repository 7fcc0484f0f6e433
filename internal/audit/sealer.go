package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// sealBatch is the usual maximum number of entries of a seal, as in GetWaitingAuditLinkAhead.
	// Entries that are committed late with smaller ids are added to it.
	sealBatch = 1000
	// maxSealed limits the trace to the 64 kB of a MySQL blob.
	maxSealed = 8000
	// sealDelay lets entries accumulate, so that under load hundreds share a seal.
	sealDelay = 200 * time.Millisecond
	// sweepInterval is how often all tenants are scanned for entries that were committed late or by
	// a process that crashed.
	sweepInterval = 5 * time.Second
	sweepPage     = 1000
	// sealTimeout limits waiting for a lock, which occupies one of sealWorkers.
	sealTimeout = 10 * time.Second
	sealWorkers = 4
	// lastSealTimeout is how long a terminating process may seal its own entries.
	lastSealTimeout = 5 * time.Second
)

// Sealer adds committed entries to their tenant's chain, so that writers don't wait for each other.
// Several processes may seal the same tenant.
//
// It doesn't continue a chain that lost its remembered head; see Heads.
type Sealer struct {
	// Now is the clock for the times of seals. If nil, which only tests set, seals have no time,
	// like those of earlier versions.
	Now func() time.Time

	store *store.Store
	keys  *Keys
	heads *Heads
	log   *slog.Logger
	wake  chan struct{}

	mu      sync.Mutex
	waiting map[uuid.UUID]bool      // tenants with entries to seal
	since   map[uuid.UUID]time.Time // when each of them was first found
	busy    map[uuid.UUID]bool      // tenants that are being sealed now
	failed  map[uuid.UUID]bool      // tenants whose last attempt failed; uuid.Nil is the scan of all tenants
	refused map[uuid.UUID]time.Time // tenants with a Regression, and when that was last logged
	moved   map[uuid.UUID]bool      // tenants with new seals of this process whose checkpoint wasn't logged yet
	sealed  int64                   // entries sealed by this process
	unsaved bool                    // the last write of the file of heads failed
}

// NewSealer returns a sealer for a store. Until UseHeads is called, it remembers only the heads of
// its own seals.
func NewSealer(s *store.Store, keys *Keys, log *slog.Logger) *Sealer {
	return &Sealer{
		Now: time.Now, store: s, keys: keys, heads: NewHeads(keys), log: log, wake: make(chan struct{}, 1),
		waiting: map[uuid.UUID]bool{}, since: map[uuid.UUID]time.Time{}, busy: map[uuid.UUID]bool{}, failed: map[uuid.UUID]bool{},
		refused: map[uuid.UUID]time.Time{}, moved: map[uuid.UUID]bool{},
	}
}

// UseHeads makes the sealer compare chains with these heads, and update them.
func (s *Sealer) UseHeads(heads *Heads) { s.heads = heads }

// Written notifies the sealer that a tenant has, or soon will have, an entry to seal.
func (s *Sealer) Written(tenantID uuid.UUID) {
	s.mu.Lock()
	s.waiting[tenantID] = true
	if s.since[tenantID].IsZero() {
		s.since[tenantID] = time.Now()
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run seals entries until ctx ends, and then the remaining ones for up to 5 seconds. Failed tenants
// are tried again after the next scan.
func (s *Sealer) Run(ctx context.Context) {
	var running sync.WaitGroup
	slots := make(chan struct{}, sealWorkers)
	sweep := time.NewTicker(sweepInterval)
	defer sweep.Stop()
	running.Go(func() { s.watch(ctx) })
	s.sweep(ctx)
	for ctx.Err() == nil {
		select {
		case <-s.wake:
		case <-sweep.C:
			s.sweep(ctx)
		case <-ctx.Done():
		}
		pause(ctx, sealDelay)
		s.each(ctx, func(tenantID uuid.UUID) {
			slots <- struct{}{}
			running.Go(func() {
				defer func() { <-slots }()
				s.try(ctx, tenantID)
			})
		})
	}
	running.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSealTimeout)
	defer cancel()
	s.each(last, func(tenantID uuid.UUID) { s.try(last, tenantID) })
	s.logCheckpoints(last)
	s.saveHeads(last)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// each calls f for each waiting tenant that isn't being sealed, until ctx ends.
func (s *Sealer) each(ctx context.Context, f func(uuid.UUID)) {
	s.mu.Lock()
	var chosen []uuid.UUID
	for tenantID := range s.waiting {
		if !s.busy[tenantID] {
			chosen = append(chosen, tenantID)
		}
	}
	s.mu.Unlock()
	for _, tenantID := range chosen {
		if ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		delete(s.waiting, tenantID)
		s.busy[tenantID] = true
		s.mu.Unlock()
		f(tenantID)
	}
}

// try seals a tenant that each has selected.
func (s *Sealer) try(ctx context.Context, tenantID uuid.UUID) {
	limited, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	_, err := s.Seal(limited, tenantID)
	s.report(ctx, tenantID, err)
	s.mu.Lock()
	delete(s.busy, tenantID)
	again := s.waiting[tenantID] || ctx.Err() != nil && err != nil
	if err == nil {
		delete(s.since, tenantID)
	}
	s.mu.Unlock()
	if again {
		s.Written(tenantID)
	}
}

// sweep finds all tenants with entries to seal, whichever process wrote them.
func (s *Sealer) sweep(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	var after uuid.UUID
	for {
		page, err := s.store.ListTenantsToSealUnscoped(limited, db.ListTenantsToSealUnscopedParams{AfterID: after, Limit: sweepPage})
		for _, tenant := range page {
			s.Written(tenant.ID)
			after = tenant.ID
		}
		if err != nil || len(page) < sweepPage {
			s.report(ctx, uuid.Nil, err)
			return
		}
	}
}

// report logs when sealing begins to fail and when it works again.
func (s *Sealer) report(ctx context.Context, tenantID uuid.UUID, err error) {
	if ctx.Err() != nil {
		return // shutting down
	}
	if regression, ok := errors.AsType[*Regression](err); ok {
		s.reportRegression(ctx, regression)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	failing := len(s.failed) > 0
	if err == nil {
		delete(s.failed, tenantID)
		if failing && len(s.failed) == 0 {
			s.log.InfoContext(ctx, "audit entries are sealed again")
		}
		return
	}
	s.failed[tenantID] = true
	if !failing {
		s.log.WarnContext(ctx, "audit entries could not be sealed; the server tries again", "tenant_id", tenantID, "error", err)
	}
}

// Seal seals the waiting entries of a tenant, and returns how many.
func (s *Sealer) Seal(ctx context.Context, tenantID uuid.UUID) (int64, error) {
	var total int64
	for {
		sealed, err := s.batch(ctx, tenantID)
		total += sealed
		if err != nil || sealed < sealBatch {
			return total, err
		}
	}
}

// batch creates one seal. It claims the links in the same transaction, so each link is in exactly
// one seal or still waits. If two processes create a seal with the same number, one retries. The
// error may be a *Regression.
func (s *Sealer) batch(ctx context.Context, tenantID uuid.UUID) (int64, error) {
	var sealed int64
	var known knownHead
	var after head
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		sealed, known = 0, s.heads.get(tenantID)
		ahead, err := tx.GetWaitingAuditLinkAhead(ctx, db.GetWaitingAuditLinkAheadParams{TenantID: tenantID})
		if errors.Is(err, store.ErrNotFound) {
			ahead.EntryID, err = uuid.Max, nil
		}
		if err != nil {
			return err
		}
		end, err := currentHead(ctx, tx, tenantID)
		if err != nil {
			return err
		}
		if after, err = end, s.heads.compare(ctx, tx, tenantID, known, end); err != nil {
			return err
		}
		if end.number == math.MaxInt64 {
			return fmt.Errorf("the last seal has number %d, which isn't one of ours", end.number)
		}
		claimed, err := tx.ClaimAuditLinks(ctx, db.ClaimAuditLinksParams{
			SealNumber: end.number + 1, TenantID: tenantID, LastEntryID: ahead.EntryID,
		})
		if err != nil || claimed == 0 {
			return err // no entry waits, or another process has sealed them
		}
		links, err := tx.ListAuditLinks(ctx, db.ListAuditLinksParams{
			TenantID: tenantID, AfterSeal: end.number, LastSeal: end.number + 1, Limit: maxSealed + 1,
		})
		if err != nil {
			return err
		}
		if len(links) > maxSealed {
			return store.ErrStale // too many entries were added meanwhile: select again
		}
		seal := s.keys.current.seal(tenantID, end, links, s.sealingTime(end))
		sealed, after = int64(len(links)), headOf(seal)
		err = tx.InsertAuditSeal(ctx, db.InsertAuditSealParams(seal))
		if v, ok := errors.AsType[*store.Violation](err); ok && v.Kind == store.Unique {
			return store.ErrStale
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("seal audit entries: %w", err)
	}
	s.heads.advance(tenantID, known, after)
	s.endRefusal(ctx, tenantID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if sealed > 0 {
		s.sealed += sealed
		s.moved[tenantID] = true
	}
	return sealed, nil
}

// sealingTime returns the time for the seal after a head. It is never before the head's, even if
// this process's clock is behind.
func (s *Sealer) sealingTime(end head) *time.Time {
	if s.Now == nil {
		return nil
	}
	at := s.Now().UTC().Truncate(time.Microsecond) // the precision of all engines
	if at.Before(end.sealedAt) {
		at = end.sealedAt
	}
	return &at
}
