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
	// stateAge is how long the state of a session may be used after it was asked for. It bounds what no announcement prevents.
	stateAge = time.Second
	// maxRemembered is the most sessions that an instance remembers.
	maxRemembered = 16_384
)

// remembered has what the database said of sessions a moment ago. It is used only while the channel is live by which changes are
// announced, and for a second: so whatever goes wrong elsewhere, nothing is believed for longer.
type remembered struct {
	channel *invalidation.Channel
	now     func() time.Time // with both clocks of invalidation.Age

	hits, misses atomic.Uint64

	mu     sync.RWMutex
	epoch  uint64 // grows with each change that is announced
	states *bounded.Map[sessionKey, sessionState]
}

type sessionKey struct{ tenantID, id uuid.UUID }

type sessionState struct {
	db.GetSessionStateRow

	asked time.Time // before the question was sent
}

func newRemembered(channel *invalidation.Channel) *remembered {
	r := &remembered{channel: channel, now: time.Now, states: bounded.NewMap[sessionKey, sessionState](maxRemembered, stateAge)}
	channel.OnForget(r.forget)
	return r
}

// question is one to the database, from before it was sent.
type question struct {
	asked time.Time
	epoch uint64
}

// get returns the state of a session if it may be used, and else the question that is to be asked.
func (r *remembered) get(key sessionKey) (db.GetSessionStateRow, question, bool) {
	now := r.now()
	live := r.channel.Live(now)
	r.mu.RLock()
	q := question{now, r.epoch}
	state, ok, _ := r.states.Get(key)
	r.mu.RUnlock()
	if ok && live && invalidation.Age(now, state.asked) < stateAge {
		r.hits.Add(1)
		return state.GetSessionStateRow, q, true
	}
	r.misses.Add(1)
	return db.GetSessionStateRow{}, q, false
}

// put remembers the answer to a question, unless something has changed since it was asked: the answer may be from before that.
func (r *remembered) put(key sessionKey, q question, state db.GetSessionStateRow) {
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

// Checks is how the states of sessions were found out.
type Checks struct {
	Remembered, Asked uint64 // since the start
	Live              bool   // whether they are remembered at the moment
}

// Checks returns how many requests were let in without a question to the database, and how many with one.
func (s *Service) Checks() Checks {
	r := s.remembered
	return Checks{r.hits.Load(), r.misses.Load(), r.channel.Live(time.Now())}
}

// forget forgets all sessions of a subject.
func (r *remembered) forget(s invalidation.Subject) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch++
	r.states.DeleteFunc(func(key sessionKey, state sessionState) bool { return s.Covers(key.tenantID, state.UserID) })
}
