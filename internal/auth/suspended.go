package auth

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// refusalPause is how long a session's further requests are refused without another entry. So a client that doesn't
	// give up can't fill the trail.
	refusalPause = time.Minute
	// maxRefused is how many sessions are remembered for that.
	maxRefused = 10_000
)

// refused remembers which sessions of suspended tenants were written down, and when. Each instance has its own.
type refused struct {
	mu   sync.Mutex
	last map[uuid.UUID]time.Time
}

// due reports whether a session is to be written down now, and if so remembers that it was.
func (r *refused) due(session uuid.UUID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, ok := r.last[session]; ok && now.Sub(last) < refusalPause {
		return false
	}
	if r.last == nil || len(r.last) >= maxRefused {
		r.last = map[uuid.UUID]time.Time{} // at worst some are written down once more
	}
	r.last[session] = now
	return true
}

func (r *refused) forget(session uuid.UUID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.last, session)
}

// refuseSuspended returns errs.TenantSuspended, after an entry in the trail of the tenant; at most one a minute for a session.
// It is errs.SessionEnded if the tenant was deleted meanwhile.
func (s *Service) refuseSuspended(ctx context.Context, by access.Principal) error {
	if s.refused.due(by.SessionID, s.opts.Now()) {
		err := s.store.Tx(ctx, func(q db.Querier) error {
			return s.audit.Write(ctx, q, by, audit.Entry{Action: audit.AccessDenied, Outcome: audit.Denied, Reason: string(errs.TenantSuspended)})
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
