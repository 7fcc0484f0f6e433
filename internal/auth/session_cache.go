package auth

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/bounded"
	"github.com/tenantry/tenantry/internal/invalidation"
)

const (
	// stateAge is how long a session's state may be used after it was queried. It limits the effect
	// of a missed announcement.
	stateAge = time.Second
	// maxCachedSessions is the maximum number of cached sessions.
	maxCachedSessions = 16_384
)

// sessionCache caches the states of sessions. It is used only while the invalidation channel is
// live, and each state for at most a second, so that a stale state is never used for longer.
type sessionCache struct {
	channel *invalidation.Channel
	now     func() time.Time // with both a wall and a monotonic clock reading; see invalidation.Age

	hits, misses atomic.Uint64

	mu     sync.RWMutex
	epoch  uint64 // incremented by each announced change
	states *bounded.Map[sessionKey, sessionState]
}

type sessionKey struct{ tenantID, id uuid.UUID }

type sessionState struct {
	db.GetSessionStateRow

	asked time.Time // before the query was sent
}

func newSessionCache(channel *invalidation.Channel) *sessionCache {
	r := &sessionCache{channel: channel, now: time.Now, states: bounded.NewMap[sessionKey, sessionState](maxCachedSessions, stateAge)}
	channel.OnForget(r.forget)
	return r
}

// lookup is the time and epoch from before a query was sent.
type lookup struct {
	asked time.Time
	epoch uint64
}

// get returns the state of a session if it is cached and may be used. Otherwise it returns the
// lookup to pass to put after the query.
func (r *sessionCache) get(key sessionKey) (db.GetSessionStateRow, lookup, bool) {
	now := r.now()
	live := r.channel.Live(now)
	r.mu.RLock()
	q := lookup{now, r.epoch}
	state, ok, _ := r.states.Get(key)
	r.mu.RUnlock()
	if ok && live && invalidation.Age(now, state.asked) < stateAge {
		r.hits.Add(1)
		return state.GetSessionStateRow, q, true
	}
	r.misses.Add(1)
	return db.GetSessionStateRow{}, q, false
}

// put caches the result of a lookup, unless a change was announced since: the result may be older
// than the change.
func (r *sessionCache) put(key sessionKey, q lookup, state db.GetSessionStateRow) {
	if !r.channel.Live(q.asked) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if q.epoch != r.epoch {
		return
	}
	r.states.Put(key, sessionState{state, q.asked}, q.asked)
}

// Checks counts how the states of sessions were obtained, since the start.
type Checks struct {
	Remembered, Asked uint64 // from the cache, and from the database
	Live              bool   // whether the cache is in use now
}

// Checks returns how many requests were authenticated from the cache and from the database.
func (s *Service) Checks() Checks {
	r := s.sessionCache
	return Checks{r.hits.Load(), r.misses.Load(), r.channel.Live(time.Now())}
}

// forget removes all sessions of a subject from the cache.
func (r *sessionCache) forget(s invalidation.Subject) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch++
	r.states.DeleteFunc(func(key sessionKey, state sessionState) bool { return s.Covers(key.tenantID, state.UserID) })
}
