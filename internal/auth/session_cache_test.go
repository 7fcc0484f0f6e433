package auth

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/invalidation"
)

// loopback is a channel's transport with one instance, which can be disconnected.
type loopback struct {
	cut   atomic.Bool
	texts chan string
}

func newLoopback() *loopback { return &loopback{texts: make(chan string, 1000)} }

func (l *loopback) Publish(_ context.Context, text string) error {
	if l.cut.Load() {
		return errors.New("cut off")
	}
	l.texts <- text
	return nil
}

func (l *loopback) Listen(ctx context.Context, ready func(), hear func(text string)) error {
	ready()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case text := <-l.texts:
			hear(text)
		}
	}
}

// withLiveCache calls f with a cache whose channel is live, in a synctest bubble.
func withLiveCache(t *testing.T, f func(t *testing.T, r *sessionCache, l *loopback)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLoopback()
		channel := invalidation.New(l, slog.New(slog.DiscardHandler))
		r := newSessionCache(channel)
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { channel.Run(ctx) })
		synctest.Wait()
		f(t, r, l)
		stop()
		running.Wait()
	})
}

func someSession() (sessionKey, db.GetSessionStateRow) {
	return sessionKey{uuid.New(), uuid.New()}, db.GetSessionStateRow{UserID: uuid.New(), Email: "a@example.com"}
}

// fill caches a state as if it had been queried now.
func (r *sessionCache) fill(key sessionKey, state db.GetSessionStateRow) {
	_, q, _ := r.get(key)
	r.put(key, q, state)
}

func (r *sessionCache) has(key sessionKey) bool {
	_, _, ok := r.get(key)
	return ok
}

func TestStatesAreUsedForASecond(t *testing.T) {
	t.Parallel()
	withLiveCache(t, func(t *testing.T, r *sessionCache, _ *loopback) {
		key, state := someSession()
		_, q, ok := r.get(key)
		if ok {
			t.Fatal("the state is cached before the first query")
		}
		time.Sleep(stateAge / 2) // the age counts from the query, not from its result
		r.put(key, q, state)
		time.Sleep(stateAge/2 - time.Nanosecond)
		if got, _, ok := r.get(key); !ok || got != state {
			t.Fatalf("%+v, %t, want the state that was queried less than %s ago", got, ok, stateAge)
		}
		time.Sleep(time.Nanosecond)
		if r.has(key) {
			t.Errorf("the state is used %s after the query", stateAge)
		}
		if other := (sessionKey{uuid.New(), key.id}); r.has(other) {
			t.Error("a session of another tenant has the same state")
		}
	})
}

func TestCacheIsUnusedWhileTheChannelIsNotLive(t *testing.T) {
	t.Parallel()
	withLiveCache(t, func(t *testing.T, r *sessionCache, l *loopback) {
		key, state := someSession()
		l.cut.Store(true)
		for r.channel.Live(time.Now()) {
			r.fill(key, state)
			if !r.has(key) {
				t.Fatal("the state isn't used although the channel is live")
			}
			time.Sleep(time.Millisecond)
		}
		for range 100 {
			if r.has(key) {
				t.Fatal("the state is used although the channel isn't live")
			}
			r.fill(key, state)
		}
		l.cut.Store(false)
		time.Sleep(time.Second / 2)
		synctest.Wait()
		if r.has(key) {
			t.Error("a state that was read while the channel was down is used")
		}
		r.fill(key, state)
		if !r.has(key) {
			t.Error("the state isn't used although the channel is live again")
		}
	})
	r := newSessionCache(nil)
	key, state := someSession()
	r.fill(key, state)
	if r.has(key) || r.states.Len() > 0 {
		t.Error("a state is cached without a channel")
	}
}

// A query's result may be older than a change that was announced before the result arrived.
func TestResultsOfQueriesBeforeAChangeAreNotCached(t *testing.T) {
	t.Parallel()
	withLiveCache(t, func(t *testing.T, r *sessionCache, _ *loopback) {
		key, state := someSession()
		_, before, _ := r.get(key)
		r.channel.Announce(t.Context(), invalidation.User(key.tenantID, state.UserID))
		r.put(key, before, state)
		if r.has(key) {
			t.Error("the old state is used after the change")
		}
		synctest.Wait() // the announcement also comes back to this instance
		r.fill(key, state)
		if !r.has(key) {
			t.Error("the new state isn't used")
		}
	})
}

func TestChangesRemoveTheirSubjectFromTheCache(t *testing.T) {
	t.Parallel()
	withLiveCache(t, func(t *testing.T, r *sessionCache, _ *loopback) {
		tenant, user := uuid.New(), uuid.New()
		type session struct {
			key   sessionKey
			state db.GetSessionStateRow
		}
		with := func(tenantID, userID uuid.UUID) session {
			return session{sessionKey{tenantID, uuid.New()}, db.GetSessionStateRow{UserID: userID}}
		}
		own, another := with(tenant, user), with(tenant, user)
		colleague, stranger := with(tenant, uuid.New()), with(uuid.New(), user)
		for subject, forgotten := range map[invalidation.Subject][]session{
			invalidation.User(tenant, user): {own, another},
			invalidation.Tenant(tenant):     {own, another, colleague},
			invalidation.Everybody:          {own, another, colleague, stranger},
		} {
			for _, aged := range []bool{false, true} {
				if aged {
					time.Sleep(stateAge)
					r.fill(someSession()) // the current generation begins
					time.Sleep(stateAge - 100*time.Millisecond)
				}
				all := []session{own, another, colleague, stranger}
				for _, s := range all {
					r.fill(s.key, s.state)
				}
				if aged {
					time.Sleep(200 * time.Millisecond)
					r.fill(someSession()) // and becomes the previous one
				}
				r.channel.Announce(t.Context(), subject)
				for i, s := range all {
					if got, want := r.has(s.key), i >= len(forgotten); got != want {
						t.Errorf("%s: session %d is cached: %t, want %t", subject, i, got, want)
					}
				}
				synctest.Wait()
			}
		}
	})
}

func TestCachedSessionsAreBounded(t *testing.T) {
	t.Parallel()
	withLiveCache(t, func(t *testing.T, r *sessionCache, _ *loopback) {
		var key sessionKey
		for n := range 1_000_000 {
			binary.LittleEndian.PutUint64(key.id[:], uint64(n))
			r.fill(key, db.GetSessionStateRow{})
			if r.states.Len() > maxCachedSessions {
				t.Fatalf("%d sessions, want %d at most", r.states.Len(), maxCachedSessions)
			}
		}
		if !r.has(key) {
			t.Error("the newest session isn't cached")
		}
	})
}

func TestCachedTokensAreBoundedAndKeptWhileInUse(t *testing.T) {
	t.Parallel()
	v := newTokenCache()
	c := someClaims()
	now := c.IssuedAt
	used := sha256.Sum256([]byte("in use"))
	v.put(used, c, now)
	for n := range 1_000_000 {
		var hash [sha256.Size]byte
		binary.LittleEndian.PutUint64(hash[:], uint64(n))
		v.put(hash, c, now)
		if n%(maxCachedTokens/4) == 0 {
			if _, ok := v.get(used, now); !ok {
				t.Fatalf("a token in use is dropped after %d others", n)
			}
		}
		if size := v.claims.Len(); size > maxCachedTokens {
			t.Fatalf("%d tokens, want %d at most", size, maxCachedTokens)
		}
	}
}
