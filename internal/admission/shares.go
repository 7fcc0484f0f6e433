package admission

import (
	"context"
	"math"
	"time"

	"github.com/tenantry/tenantry/internal/access"
)

const (
	// waitTimeout equals the database's lock time-out, so that a blocked request is refused within
	// about 10 seconds. The number of waiting requests limits memory: each takes some kilobytes and
	// its body. Lower numbers would not help, because clients that are refused at once retry at
	// once.
	waitTimeout  = 5 * time.Second
	lightWaiting = 1024
	heavyWaiting = 256 // also used for streams

	minHeavy         = 2 // minimum of heavy places, per tenant and in total, so that small pools can do heavy work
	heavyPart        = 2 // all tenants together get half of the connections for heavy work
	heavyPartOfOne   = 8 // one tenant gets an eighth of them
	maxStreams       = 16
	streamsPerTenant = 2
)

// Shares has the controllers for each kind of work that uses the database.
type Shares struct {
	light, heavy, slow, streams *Controller
}

// NewShares returns the shares of a connection pool. There are as many light places as connections,
// because every request that holds a connection for long needs one. Heavy work takes a heavy and a
// light place, slow work a slow and a light place, so that a locked table can't block all
// connections. Streams have their own places: a stream holds a connection only while it reads its
// next part, but memory all the time.
func NewShares(connections int) *Shares {
	half := max(minHeavy, connections/heavyPart)
	return &Shares{
		light: NewController(Limits{Total: connections, Waiting: lightWaiting, Timeout: waitTimeout}),
		heavy: NewController(Limits{
			Total: half, PerKey: max(minHeavy, connections/heavyPartOfOne), Waiting: heavyWaiting, Timeout: waitTimeout,
		}),
		slow:    NewController(Limits{Total: half, Waiting: lightWaiting, Timeout: waitTimeout}),
		streams: NewController(Limits{Total: min(maxStreams, half), PerKey: streamsPerTenant, Waiting: heavyWaiting, Timeout: waitTimeout}),
	}
}

// NewUnbounded returns shares that admit everything at once, for tests that block many requests.
func NewUnbounded() *Shares {
	unbounded := func() *Controller { return NewController(Limits{Total: math.MaxInt32}) }
	return &Shares{light: unbounded(), heavy: unbounded(), slow: unbounded(), streams: unbounded()}
}

// Enter takes the places for a kind of work, and waits for them if necessary. If it returns nil,
// the caller must call Leave with the same arguments. The errors are those of Controller.Enter;
// after an error no place is held.
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

// enterBoth takes a place of first and then a light one. waitTimeout applies to both together.
func (s *Shares) enterBoth(ctx context.Context, first *Controller, key Key) error {
	began := time.Now()
	if err := first.Enter(ctx, key); err != nil {
		return err
	}
	err := s.light.enter(ctx, key, waitTimeout-time.Since(began))
	if err != nil {
		first.Leave(key)
	}
	return err
}

// Leave returns the places that Enter took.
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

// Within calls f while it holds a light place for the key, and returns the error of f or of
// Controller.Enter. It is for queries before the handler. If the request already holds a place,
// Within calls f directly.
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
