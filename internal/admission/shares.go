package admission

import (
	"context"
	"math"
	"time"

	"github.com/tenantry/tenantry/internal/access"
)

const (
	// patience is as long as the database waits for a lock, so a request that gets no further is refused within
	// about 10 seconds. The number of waiting requests bounds memory: each takes some kilobytes, and its body.
	// Lower numbers would not help others: clients that are refused at once come back at once.
	patience     = 5 * time.Second
	lightWaiting = 1024
	heavyWaiting = 256 // also for streams

	minHeavy         = 2 // heavy places at least, of one tenant and of all: so small pools do heavy work, too
	heavyPart        = 2 // all tenants together get a half of the connections for heavy work
	heavyPartOfOne   = 8 // one tenant gets an eighth of them
	maxStreams       = 16
	streamsPerTenant = 2
)

// Shares has the places for each kind of work that uses the database.
type Shares struct {
	light, heavy, slow, streams *Controller
}

// NewShares returns the places for a pool with a number of connections. There are as many light places as
// connections, because every request that holds a connection for long needs one. Heavy work takes a heavy place
// and then a light one, and slow work a slow place and then a light one: so a table that is locked can't take all
// connections. A stream has a place of another kind: it holds a connection only while it reads its
// next part, but memory all the time.
func NewShares(connections int) *Shares {
	half := max(minHeavy, connections/heavyPart)
	return &Shares{
		light: NewController(Limits{Total: connections, Waiting: lightWaiting, Patience: patience}),
		heavy: NewController(Limits{
			Total: half, PerKey: max(minHeavy, connections/heavyPartOfOne), Waiting: heavyWaiting, Patience: patience,
		}),
		slow:    NewController(Limits{Total: half, Waiting: lightWaiting, Patience: patience}),
		streams: NewController(Limits{Total: min(maxStreams, half), PerKey: streamsPerTenant, Waiting: heavyWaiting, Patience: patience}),
	}
}

// NewUnbounded returns shares that admit everything at once, for tests that hold many requests back.
func NewUnbounded() *Shares {
	unbounded := func() *Controller { return NewController(Limits{Total: math.MaxInt32}) }
	return &Shares{light: unbounded(), heavy: unbounded(), slow: unbounded(), streams: unbounded()}
}

// Enter takes the places that a kind of work needs, and waits for them if necessary. After nil the caller must
// call Leave with the same arguments. The errors are those of Controller.Enter; then no place is held.
func (s *Shares) Enter(ctx context.Context, work access.Work, key Key) error {
	switch work {
	case access.WorkLight:
		return s.light.Enter(ctx, key)
	case access.WorkHeavy:
		return s.enterBoth(ctx, s.heavy, key)
	case access.WorkSlow:
		return s.enterBoth(ctx, s.slow, key)
	case access.WorkStream:
		return s.streams.Enter(ctx, key)
	case access.WorkNone:
	}
	return nil
}

// enterBoth takes a place of first and then a light one. It waits for both together no longer than for one.
func (s *Shares) enterBoth(ctx context.Context, first *Controller, key Key) error {
	began := time.Now()
	if err := first.Enter(ctx, key); err != nil {
		return err
	}
	err := s.light.enter(ctx, key, patience-time.Since(began))
	if err != nil {
		first.Leave(key)
	}
	return err
}

// Leave gives back what Enter took.
func (s *Shares) Leave(work access.Work, key Key) {
	switch work {
	case access.WorkLight:
		s.light.Leave(key)
	case access.WorkHeavy:
		s.light.Leave(key)
		s.heavy.Leave(key)
	case access.WorkSlow:
		s.light.Leave(key)
		s.slow.Leave(key)
	case access.WorkStream:
		s.streams.Leave(key)
	case access.WorkNone:
	}
}

// Within calls f while it holds a light place for the key, and returns the error of f or of Controller.Enter.
// It is for queries before the handler. A request that was admitted holds a place already, so f runs at once.
func (s *Shares) Within(ctx context.Context, key Key, f func() error) error {
	if access.RequestFrom(ctx).Admitted {
		return f()
	}
	if err := s.light.Enter(ctx, key); err != nil {
		return err
	}
	defer s.light.Leave(key)
	return f()
}

// Stats returns the state of each kind of work.
func (s *Shares) Stats() []Stats {
	return []Stats{s.light.stats(access.WorkLight), s.heavy.stats(access.WorkHeavy), s.slow.stats(access.WorkSlow), s.streams.stats(access.WorkStream)}
}
