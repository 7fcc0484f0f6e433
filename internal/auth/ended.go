package auth

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

const (
	// maxEnded is how many ended sessions an instance remembers at most: some 10 MB.
	maxEnded = 100_000
	// maxAnnounced is how many sessions of a user are announced when they end together.
	maxAnnounced = 1000
)

// ended remembers sessions that have ended until none of their access tokens is valid any more, so that they are refused without
// a look at the database. It only ever refuses: what it has forgotten, or was never told, the database knows.
type ended struct {
	mu         sync.RWMutex
	young, old map[uuid.UUID]struct{}
	youngSince time.Time
	keep       time.Duration // of a session, at least
	max        int
}

func newEnded(keep time.Duration, most int) *ended {
	return &ended{keep: keep, max: most, young: map[uuid.UUID]struct{}{}}
}

func (e *ended) add(now time.Time, ids ...uuid.UUID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range ids {
		if now.Sub(e.youngSince) >= e.keep || len(e.young) >= e.max/2 {
			e.old, e.young, e.youngSince = e.young, map[uuid.UUID]struct{}{}, now
		}
		e.young[id] = struct{}{}
	}
}

func (e *ended) has(id uuid.UUID) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if _, ok := e.young[id]; ok {
		return true
	}
	_, ok := e.old[id]
	return ok
}

func (e *ended) size() int {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return len(e.young) + len(e.old)
}

// Ending is what a transaction ends: it is announced once the transaction is committed.
type Ending struct {
	Count    int64 // of sessions that had not ended
	Sessions []uuid.UUID
}

// EndSessions ends all sessions of a user but one, as part of a transaction that has changed the user's row; uuid.Nil spares none.
func (s *Service) EndSessions(ctx context.Context, q db.Querier, tenantID, userID, spared uuid.UUID, reason string) (Ending, error) {
	alive, err := s.AliveSessions(ctx, q, tenantID, userID)
	if err != nil {
		return Ending{}, err
	}
	var e Ending
	for _, id := range alive.Sessions {
		if id != spared {
			e.Sessions = append(e.Sessions, id)
		}
	}
	now := s.opts.Now()
	if spared == uuid.Nil {
		e.Count, err = q.EndUserSessions(ctx, db.EndUserSessionsParams{EndedAt: &now, EndReason: &reason, TenantID: tenantID, UserID: userID})
	} else {
		e.Count, err = q.EndOtherSessions(ctx, db.EndOtherSessionsParams{EndedAt: &now, EndReason: &reason, TenantID: tenantID, UserID: userID, ID: spared})
	}
	return e, err
}

// AliveSessions are those that end with their user.
func (s *Service) AliveSessions(ctx context.Context, q db.Querier, tenantID, userID uuid.UUID) (Ending, error) {
	rows, err := q.ListLiveSessionsOfUser(ctx, db.ListLiveSessionsOfUserParams{TenantID: tenantID, UserID: userID, Now: s.opts.Now(), Limit: maxAnnounced})
	e := Ending{Count: int64(len(rows))}
	for _, row := range rows {
		e.Sessions = append(e.Sessions, row.ID)
	}
	return e, err
}

// Announce tells all instances which sessions have ended. It comes after the transaction that ends them.
func (s *Service) Announce(e Ending) {
	if len(e.Sessions) == 0 {
		return
	}
	s.ended.add(s.opts.Now(), e.Sessions...)
	if s.opts.Announce == nil {
		return
	}
	ids := make([]string, len(e.Sessions))
	for i, id := range e.Sessions {
		ids[i] = id.String()
	}
	s.opts.Announce(strings.Join(ids, ","))
}

// HearEnded takes in what another instance has announced. What isn't an id is left out.
func (s *Service) HearEnded(text string) {
	now := s.opts.Now()
	for part := range strings.SplitSeq(text, ",") {
		if id, err := uuid.Parse(part); err == nil {
			s.ended.add(now, id)
		}
	}
}
