package admission

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/access"
)

const (
	// A request waits for at most half of its time limit: whoever is refused hears it while they still wait. How many wait bounds memory: each
	// takes some kilobytes, and its body. Lower bounds would not help others: clients that are refused at once come back at once.
	lightPatience = 15 * time.Second
	lightWaiting  = 1024
	heavyPatience = 5 * time.Second // also for streams
	heavyWaiting  = 256

	minHeavy         = 2 // of all tenants and of one: so small pools do heavy work, too
	heavyPart        = 2 // all heavy work together gets this part of the connections: a half
	heavyPartOfOne   = 8 // and that of one tenant an eighth
	maxStreams       = 16
	streamsPerTenant = 2
)

// Shares has the places for each kind of work that uses the database.
type Shares struct {
	light, heavy, streams *Controller
}

// NewShares makes the shares of a pool of so many connections. Every request that holds a connection for long has a light place, so
// there are as many of those as connections. Heavy work takes a heavy place first. A stream holds a connection only while it reads its next
// part, but memory all the time.
func NewShares(connections int) *Shares {
	half := max(minHeavy, connections/heavyPart)
	return &Shares{
		light: NewController(Limits{Total: connections, Waiting: lightWaiting, Patience: lightPatience}),
		heavy: NewController(Limits{
			Total: half, PerKey: max(minHeavy, connections/heavyPartOfOne), Waiting: heavyWaiting, Patience: heavyPatience,
		}),
		streams: NewController(Limits{Total: min(maxStreams, half), PerKey: streamsPerTenant, Waiting: heavyWaiting, Patience: heavyPatience}),
	}
}

// Enter takes the places that a kind of work needs, and waits for them if need be. After nil the caller must call Leave with the same
// arguments. The error is errs.Busy if they aren't free in time or too many wait already, or that of ctx.
func (s *Shares) Enter(ctx context.Context, work access.Work, key Key) error {
	switch work {
	case access.WorkLight:
		return s.light.Enter(ctx, key)
	case access.WorkHeavy:
		if err := s.heavy.Enter(ctx, key); err != nil {
			return err
		}
		err := s.light.Enter(ctx, key)
		if err != nil {
			s.heavy.Leave(key)
		}
		return err
	case access.WorkStream:
		return s.streams.Enter(ctx, key)
	case access.WorkNone:
	}
	return nil
}

// Leave gives back what Enter took.
func (s *Shares) Leave(work access.Work, key Key) {
	switch work {
	case access.WorkLight:
		s.light.Leave(key)
	case access.WorkHeavy:
		s.light.Leave(key)
		s.heavy.Leave(key)
	case access.WorkStream:
		s.streams.Leave(key)
	case access.WorkNone:
	}
}

// Within runs short work of a tenant that isn't that of a handler, in a light place. A request that has been admitted holds a
// place already, and waits for no other.
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
	return []Stats{s.light.stats(access.WorkLight), s.heavy.stats(access.WorkHeavy), s.streams.stats(access.WorkStream)}
}
