package audit

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// reviewInterval is how often all chains are compared with their remembered heads, and
	// checkpoints of chains with new seals are logged. It is also the interval for logging a
	// Regression again.
	reviewInterval = time.Hour
	reviewPage     = 1000
	// saveInterval is how often the file of heads is written. If a write takes long, the interval
	// is saveShare times its duration, so that writing takes at most a hundredth of the time.
	saveInterval = 5 * time.Second
	saveShare    = 100
)

// SealStats has the state of sealing.
type SealStats struct {
	Sealed  int64         // entries sealed by this process
	Lag     time.Duration // the longest time that a tenant has waited for this process
	Refused int           // tenants with a Regression
}

// Stats returns the current state of sealing.
func (s *Sealer) Stats() SealStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := SealStats{Sealed: s.sealed, Refused: len(s.refused)}
	for _, since := range s.since {
		stats.Lag = max(stats.Lag, time.Since(since))
	}
	return stats
}

// Collectors returns the metrics of sealing.
func (s *Sealer) Collectors() []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tenantry_audit_sealed_entries_total", Help: "Audit entries that this instance has sealed.",
		}, func() float64 { return float64(s.Stats().Sealed) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tenantry_audit_seal_lag_seconds",
			Help: "How long audit entries have waited for their seal, for the tenant that waits longest.",
		}, func() float64 { return s.Stats().Lag.Seconds() }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tenantry_audit_refused_tenants",
			Help: "Tenants whose audit trail has lost its remembered end, so that it is not sealed.",
		}, func() float64 { return float64(s.Stats().Refused) }),
	}
}

// watch compares the chains of all tenants with their remembered heads, now and then every hour,
// and saves the file of heads, until ctx ends.
func (s *Sealer) watch(ctx context.Context) {
	s.review(ctx)
	review := time.NewTicker(reviewInterval)
	defer review.Stop()
	for ctx.Err() == nil {
		took := s.saveHeads(ctx)
		select {
		case <-review.C:
			s.review(ctx)
			s.logCheckpoints(ctx)
		case <-time.After(max(saveInterval, saveShare*took)):
		case <-ctx.Done():
		}
	}
}

// review compares the chains of all tenants with their remembered heads, and remembers their
// current heads. Unlike sealing, it also finds regressions of chains without new entries and of
// tenants that are gone.
func (s *Sealer) review(ctx context.Context) {
	remembered, _ := s.heads.all()
	after := ""
	for {
		page, err := s.store.ListTenantCodes(ctx, db.ListTenantCodesParams{AfterCode: after, Limit: reviewPage})
		if err != nil {
			s.report(ctx, uuid.Nil, err)
			return
		}
		for _, tenant := range page {
			delete(remembered, tenant.ID)
			after = tenant.Code
			if err := s.reviewChain(ctx, tenant.ID); err != nil {
				s.report(ctx, uuid.Nil, err)
			}
		}
		if len(page) < reviewPage || ctx.Err() != nil {
			break
		}
	}
	for tenantID := range remembered {
		if err := s.reviewMissing(ctx, tenantID); err != nil {
			s.report(ctx, uuid.Nil, err)
		}
	}
}

// reviewChain compares a chain with its remembered head, and remembers its current head.
func (s *Sealer) reviewChain(ctx context.Context, tenantID uuid.UUID) error {
	known := s.heads.get(tenantID)
	end, err := currentHead(ctx, s.store, tenantID)
	if err != nil {
		return err
	}
	if err := s.heads.compare(ctx, s.store, tenantID, known, end); err != nil {
		return err
	}
	s.heads.advance(tenantID, known, end)
	s.endRefusal(ctx, tenantID)
	return nil
}

// reviewMissing forgets the head of a tenant that was deleted through the API. It returns a
// *Regression if the tenant is gone for another reason.
func (s *Sealer) reviewMissing(ctx context.Context, tenantID uuid.UUID) error {
	_, err := s.store.GetTenant(ctx, db.GetTenantParams{ID: tenantID})
	if !errors.Is(err, store.ErrNotFound) {
		return err // created after the list was read
	}
	known := s.heads.get(tenantID)
	deleted, err := s.heads.Deleted(ctx, s.store, tenantID)
	if err != nil || !known.ok {
		return err
	}
	if !deleted {
		return &Regression{TenantID: tenantID, Known: known.seq, Checkpoint: s.keys.checkpoint(tenantID, known.head)}
	}
	s.heads.forget(tenantID)
	s.endRefusal(ctx, tenantID)
	return nil
}

// reportRegression counts the tenant of a Regression as refused, and logs the Regression at most
// once an hour.
func (s *Sealer) reportRegression(ctx context.Context, r *Regression) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if logged, ok := s.refused[r.TenantID]; ok && time.Since(logged) < reviewInterval {
		return
	}
	s.refused[r.TenantID] = time.Now()
	s.log.ErrorContext(ctx, "an audit trail has lost its remembered end: the database was restored or seals were deleted. Its entries are kept, but not sealed until `tenantry audit accept` is run",
		"tenant_id", r.TenantID, "known_seq", r.Known, "found_seq", r.Found, "known_checkpoint", r.Checkpoint)
}

// endRefusal marks a tenant as sealed again.
func (s *Sealer) endRefusal(ctx context.Context, tenantID uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, refused := s.refused[tenantID]; refused {
		delete(s.refused, tenantID)
		s.log.InfoContext(ctx, "an audit trail is sealed again", "tenant_id", tenantID)
	}
}

// logCheckpoints logs the checkpoint of each chain that this process has extended since the last
// call. So log collectors store them.
func (s *Sealer) logCheckpoints(ctx context.Context) {
	s.mu.Lock()
	moved := s.moved
	s.moved = map[uuid.UUID]bool{}
	s.mu.Unlock()
	for tenantID := range moved {
		if known := s.heads.get(tenantID); known.ok {
			s.log.InfoContext(ctx, "audit trail sealed", "tenant_id", tenantID, "seq", known.seq, "checkpoint", s.keys.checkpoint(tenantID, known.head))
		}
	}
}

// saveHeads writes the file of heads if they have changed, and returns the duration. It logs an
// error.
func (s *Sealer) saveHeads(ctx context.Context) time.Duration {
	start := time.Now()
	err := s.heads.Save()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && !s.unsaved {
		s.log.ErrorContext(ctx, "AUDIT_CHECKPOINT_FILE can't be written; the server tries again", "error", err)
	}
	s.unsaved = err != nil
	return time.Since(start)
}
