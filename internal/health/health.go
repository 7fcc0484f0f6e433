// Package health says whether the parts that the program works with are well.
package health

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tenantry/tenantry/gen/api"
)

const (
	// timeout is how long a part may take to give a sign of life.
	timeout = time.Second
	// maxAge is how long a state is told to those who ask: a storm of questions is one round of checks a second.
	maxAge = time.Second
	// usedUpRounds is how many checks in a row find all connections in use until that counts: a moment of it is normal.
	usedUpRounds = 2
)

// Pinger is a part that can be asked for a sign of life.
type Pinger interface {
	Ping(ctx context.Context) error
}

// Checker asks all parts at the same time, for everyone who wants to know at that time.
type Checker struct {
	Log      *slog.Logger
	Now      func() time.Time
	Database Pinger
	Schema   Pinger // nil: any will do
	Redis    Pinger // nil: not set up
	// Writable returns why the database has lately refused changes; nil if it hasn't. Then only questions are answered: degraded.
	// Nil: not known.
	Writable func() error
	// UsedUp reports whether all connections to the database are in use. If they are in two checks in a row, the state is degraded.
	// Nil: not known.
	UsedUp func() bool
	// Draining reports whether the process is about to end. Then it is down for those who choose where to send requests.
	Draining func() bool
	// LimitsAreShared reports whether all instances count requests together. Nil: nothing is limited.
	LimitsAreShared func() bool

	mu         sync.Mutex
	last       *round // nil: nobody has asked yet
	unwritable bool   // it has been logged; of one round at a time
	usedUp     int    // rounds in a row; of one round at a time
}

// round is one check of all parts, under way or done.
type round struct {
	began time.Time
	done  chan struct{} // closed when there is a state
	state api.Health
}

// Check returns the state of all parts, not older than a second. The state is down if nothing works: without the database, or with
// a schema that the program doesn't run with. It is degraded without Redis, while each instance limits by itself; while the database
// takes no changes; and while all connections are in use. The reply doesn't say why a part is down, because strangers may ask; the
// log does. If ctx ends first, Check returns down; the check goes on for the others.
func (c *Checker) Check(ctx context.Context) api.Health {
	state := c.latest(ctx)
	if c.Draining != nil && c.Draining() {
		state.Status = api.HealthStatusDown
	}
	return state
}

func (c *Checker) latest(ctx context.Context) api.Health {
	r := c.current(ctx)
	select {
	case <-r.done:
		return r.state
	case <-ctx.Done():
		unknown := api.ComponentHealth{Status: api.ComponentStatusDown}
		return api.Health{Status: api.HealthStatusDown, Components: api.HealthComponents{Database: unknown, Schema: unknown, Redis: unknown, RateLimiting: unknown}}
	}
}

// current returns the round that is under way or still counts, or begins one.
func (c *Checker) current(ctx context.Context) *round {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	if c.last != nil {
		select {
		case <-c.last.done:
			// A clock that was put back is no reason to believe in an old state.
			if age := now.Sub(c.last.began); age >= 0 && age < maxAge {
				return c.last
			}
		default:
			return c.last
		}
	}
	r := &round{began: now, done: make(chan struct{})}
	c.last = r
	go func() {
		// Not cancelled because the one who happened to ask first has gone away.
		r.state = c.check(context.WithoutCancel(ctx))
		close(r.done)
	}()
	return r
}

func (c *Checker) check(ctx context.Context) api.Health {
	state := api.Health{Status: api.HealthStatusOk}
	var wait sync.WaitGroup
	wait.Go(func() {
		state.Components.Database = c.database(ctx)
		state.Components.Schema = c.schema(ctx, state.Components.Database)
	})
	wait.Go(func() { state.Components.Redis = c.ask(ctx, "redis", c.Redis) })
	wait.Wait()
	state.Components.RateLimiting = api.ComponentHealth{Status: c.rateLimiting()}
	if state.Components.Redis.Status == api.ComponentStatusDown || state.Components.RateLimiting.Status == api.ComponentStatusDegraded ||
		state.Components.Database.Status == api.ComponentStatusDegraded {
		state.Status = api.HealthStatusDegraded
	}
	if state.Components.Database.Status == api.ComponentStatusDown || state.Components.Schema.Status == api.ComponentStatusDown {
		state.Status = api.HealthStatusDown
	}
	return state
}

// schema isn't asked for while the database is down.
func (c *Checker) schema(ctx context.Context, database api.ComponentHealth) api.ComponentHealth {
	if database.Status == api.ComponentStatusDown {
		return api.ComponentHealth{Status: api.ComponentStatusDown}
	}
	return c.ask(ctx, "schema", c.Schema)
}

// database is degraded while the database answers and takes no changes, or all connections are in use. Either is logged when
// it begins.
func (c *Checker) database(ctx context.Context) api.ComponentHealth {
	state := c.ask(ctx, "database", c.Database)
	if state.Status != api.ComponentStatusOk {
		return state
	}
	takesNoChanges, hasNoConnection := c.isUnwritable(ctx), c.isUsedUp(ctx)
	if takesNoChanges || hasNoConnection {
		state.Status = api.ComponentStatusDegraded
	}
	return state
}

func (c *Checker) isUnwritable(ctx context.Context) bool {
	if c.Writable == nil {
		return false
	}
	err := c.Writable()
	if err != nil && !c.unwritable {
		c.Log.ErrorContext(ctx, "the database takes no changes", "error", err, "fix", "make room on its disk, or make the server writable")
	}
	c.unwritable = err != nil
	return c.unwritable
}

func (c *Checker) isUsedUp(ctx context.Context) bool {
	if c.UsedUp == nil || !c.UsedUp() {
		c.usedUp = 0
		return false
	}
	c.usedUp++
	if c.usedUp == usedUpRounds {
		c.Log.WarnContext(ctx, "all connections to the database are in use", "fix", "look for locks and slow statements in the database, or raise DATABASE_MAX_CONNECTIONS")
	}
	return c.usedUp >= usedUpRounds
}

// rateLimiting is degraded while Redis is set up and away. Without Redis each instance is meant to limit by itself.
func (c *Checker) rateLimiting() api.ComponentStatus {
	switch {
	case c.LimitsAreShared == nil:
		return api.ComponentStatusDisabled
	case c.Redis != nil && !c.LimitsAreShared():
		return api.ComponentStatusDegraded
	default:
		return api.ComponentStatusOk
	}
}

func (c *Checker) ask(ctx context.Context, name string, part Pinger) api.ComponentHealth {
	if part == nil {
		return api.ComponentHealth{Status: api.ComponentStatusDisabled}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	start := time.Now()
	err := part.Ping(ctx)
	latency := float64(time.Since(start).Microseconds()) / 1000
	if err != nil {
		c.Log.WarnContext(ctx, "health check failed", "component", name, "error", err)
		return api.ComponentHealth{Status: api.ComponentStatusDown, LatencyMs: &latency}
	}
	return api.ComponentHealth{Status: api.ComponentStatusOk, LatencyMs: &latency}
}
