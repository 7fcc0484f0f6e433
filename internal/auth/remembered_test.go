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

// loop is a channel's transport with one instance, which can be cut off.
type loop struct {
	cut   atomic.Bool
	texts chan string
}

func newLoop() *loop { return &loop{texts: make(chan string, 1000)} }

func (l *loop) Publish(_ context.Context, text string) error {
	if l.cut.Load() {
		return errors.New("cut off")
	}
	l.texts <- text
	return nil
}

func (l *loop) Listen(ctx context.Context, ready func(), hear func(text string)) error {
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

// inBubble gives f a memory whose channel is live, in a bubble of its own time.
func inBubble(t *testing.T, f func(t *testing.T, r *remembered, l *loop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLoop()
		channel := invalidation.New(l, slog.New(slog.DiscardHandler))
		r := newRemembered(channel)
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

// learn asks and remembers the answer.
func (r *remembered) learn(key sessionKey, state db.GetSessionStateRow) {
	_, q, _ := r.get(key)
	r.put(key, q, state)
}

func (r *remembered) knows(key sessionKey) bool {
	_, _, ok := r.get(key)
	return ok
}

func TestStatesAreUsedForASecond(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *remembered, _ *loop) {
		key, state := someSession()
		_, q, ok := r.get(key)
		if ok {
			t.Fatal("it is known before anybody asked")
		}
		time.Sleep(stateAge / 2) // the question is what counts, and not the answer
		r.put(key, q, state)
		time.Sleep(stateAge/2 - time.Nanosecond)
		if got, _, ok := r.get(key); !ok || got != state {
			t.Fatalf("%+v, %t, want what the database said less than %s ago", got, ok, stateAge)
		}
		time.Sleep(time.Nanosecond)
		if r.knows(key) {
			t.Errorf("it is used %s after the question", stateAge)
		}
		if other := (sessionKey{uuid.New(), key.id}); r.knows(other) {
			t.Error("a session of another tenant has the same state")
		}
	})
}

func TestNothingIsUsedWhileTheChannelIsNotLive(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *remembered, l *loop) {
		key, state := someSession()
		l.cut.Store(true)
		for r.channel.Live(time.Now()) {
			r.learn(key, state)
			if !r.knows(key) {
				t.Fatal("not used, and the channel is live")
			}
			time.Sleep(time.Millisecond)
		}
		for range 100 {
			if r.knows(key) {
				t.Fatal("used, and the channel isn't live")
			}
			r.learn(key, state)
		}
		l.cut.Store(false)
		time.Sleep(time.Second / 2)
		synctest.Wait()
		if r.knows(key) {
			t.Error("what was asked while nothing was heard is used")
		}
		r.learn(key, state)
		if !r.knows(key) {
			t.Error("not used, and the channel is live again")
		}
	})
	r := newRemembered(nil)
	key, state := someSession()
	r.learn(key, state)
	if r.knows(key) || r.states.Len() > 0 {
		t.Error("something is remembered without a channel")
	}
}

// An answer may be from before a change that was announced while it was on its way.
func TestAnswersToQuestionsFromBeforeAChangeAreNotRemembered(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *remembered, _ *loop) {
		key, state := someSession()
		_, before, _ := r.get(key)
		r.channel.Announce(t.Context(), invalidation.User(key.tenantID, state.UserID))
		r.put(key, before, state)
		if r.knows(key) {
			t.Error("the old state is used after the change")
		}
		synctest.Wait() // the announcement comes back, too
		r.learn(key, state)
		if !r.knows(key) {
			t.Error("the new state isn't used")
		}
	})
}

func TestChangesForgetWhomTheyAreAbout(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *remembered, _ *loop) {
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
					r.learn(someSession()) // now the younger generation begins
					time.Sleep(stateAge - 100*time.Millisecond)
				}
				all := []session{own, another, colleague, stranger}
				for _, s := range all {
					r.learn(s.key, s.state)
				}
				if aged {
					time.Sleep(200 * time.Millisecond)
					r.learn(someSession()) // and now it is the elder one
				}
				r.channel.Announce(t.Context(), subject)
				for i, s := range all {
					if got, want := r.knows(s.key), i >= len(forgotten); got != want {
						t.Errorf("%s: session %d is known: %t, want %t", subject, i, got, want)
					}
				}
				synctest.Wait()
			}
		}
	})
}

func TestRememberedSessionsAreBounded(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *remembered, _ *loop) {
		var key sessionKey
		for n := range 1_000_000 {
			binary.LittleEndian.PutUint64(key.id[:], uint64(n))
			r.learn(key, db.GetSessionStateRow{})
			if r.states.Len() > maxRemembered {
				t.Fatalf("%d sessions, want %d at most", r.states.Len(), maxRemembered)
			}
		}
		if !r.knows(key) {
			t.Error("the newest isn't known")
		}
	})
}

func TestVerifiedTokensAreBoundedAndThoseInUseStay(t *testing.T) {
	t.Parallel()
	v := newVerified()
	c := someClaims()
	now := c.IssuedAt
	used := sha256.Sum256([]byte("in use"))
	v.put(used, c, now)
	for n := range 1_000_000 {
		var hash [sha256.Size]byte
		binary.LittleEndian.PutUint64(hash[:], uint64(n))
		v.put(hash, c, now)
		if n%(maxVerified/4) == 0 {
			if _, ok := v.get(used, now); !ok {
				t.Fatalf("a token in use is forgotten after %d others", n)
			}
		}
		if size := v.claims.Len(); size > maxVerified {
			t.Fatalf("%d tokens, want %d at most", size, maxVerified)
		}
	}
}
