package auth

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// refusalPause is how long further refused requests of a session are not recorded. So a client
	// that keeps trying can't fill the trail.
	refusalPause = time.Minute
	// maxRefused is the maximum number of remembered sessions.
	maxRefused = 10_000
)

// refused remembers when an entry was last written for each session of a suspended tenant. Each
// instance has its own.
type refused struct {
	mu   sync.Mutex
	last map[uuid.UUID]time.Time
}

// shouldRecord reports whether an entry for a session is to be written now. If so, it remembers the
// time.
func (r *refused) shouldRecord(session uuid.UUID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, ok := r.last[session]; ok && now.Sub(last) < refusalPause {
		return false
	}
	if r.last == nil || len(r.last) >= maxRefused {
		r.last = map[uuid.UUID]time.Time{} // at worst, some sessions are recorded once more
	}
	r.last[session] = now
	return true
}

func (r *refused) forget(session uuid.UUID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.last, session)
}

// refuseSuspended returns errs.TenantSuspended, and writes at most one entry a minute for a session
// to the tenant's trail. It returns errs.SessionEnded if the tenant was deleted meanwhile.
func (s *Service) refuseSuspended(ctx context.Context, by access.Principal) error {
	if s.refused.shouldRecord(by.SessionID, s.opts.Now()) {
		err := s.store.Tx(ctx, func(tx store.Tx) error {
			return s.audit.Write(ctx, tx, by, audit.Entry{Action: audit.AccessDenied, Outcome: audit.Denied, Reason: string(errs.TenantSuspended)})
		})
		if err != nil {
			s.refused.forget(by.SessionID)
		}
		if store.BreaksReference(err) {
			return sessionEnded()
		}
		if err != nil {
			return err
		}
	}
	return tenantSuspended()
}
