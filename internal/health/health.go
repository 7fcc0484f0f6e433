// Package health checks whether the database, its schema and Redis work.
package health

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tenantry/tenantry/gen/api"
)

const (
	// timeout is the maximum time of a check of one component.
	timeout = time.Second
	// maxAge is how long a result is reused. So many requests cause at most one round of checks a
	// second.
	maxAge = time.Second
	// usedUpRounds is how many successive rounds must find all connections in use until the state
	// is degraded. A short time is normal.
	usedUpRounds = 2
)

// Pinger is a component that can be checked.
type Pinger interface {
	Ping(ctx context.Context) error
}

// Checker checks all components concurrently. Concurrent callers share a round of checks.
type Checker struct {
	Log      *slog.Logger
	Now      func() time.Time
	Database Pinger
	Schema   Pinger // nil: not checked
	Redis    Pinger // nil: not configured
	// Writable returns the error with which the database recently refused writes, or nil. With an
	// error, the state is degraded. A nil function means unknown.
	Writable func() error
	// UsedUp reports whether all database connections are in use. If they are in two successive
	// checks, the state is degraded. A nil function means unknown.
	UsedUp func() bool
	// Draining reports whether the process is shutting down. Then the state is down, so that load
	// balancers stop sending requests.
	Draining func() bool
	// LimitsAreShared reports whether all instances count requests together. A nil function means
	// that there are no rate limits.
	LimitsAreShared func() bool

	mu         sync.Mutex
	last       *round // nil before the first check
	unwritable bool   // already logged; accessed by one round at a time
	usedUp     int    // successive rounds; accessed by one round at a time
}

// round is one check of all components, running or finished.
type round struct {
	began time.Time
	done  chan struct{} // closed when state is set
	state api.Health
}

// Check returns the state of all components, at most a second old. The state is down without a
// database, or with a schema that doesn't fit the program. It is degraded if Redis is unavailable,
// so that each instance counts requests by itself; if the database refuses writes; or if all
// connections are in use. The result doesn't contain causes, because it is public; they are logged.
// If ctx ends first, Check returns down, and the check continues for other callers.
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

// current returns the running round or a recent one, or starts one.
func (c *Checker) current(ctx context.Context) *round {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	if c.last != nil {
		select {
		case <-c.last.done:
			// A negative age means that the clock was set back.
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
		// Other callers need the result, even if the first one disconnects.
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
	wait.Go(func() { state.Components.Redis = c.ping(ctx, "redis", c.Redis) })
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

// schema returns down without a check if the database is down.
func (c *Checker) schema(ctx context.Context, database api.ComponentHealth) api.ComponentHealth {
	if database.Status == api.ComponentStatusDown {
		return api.ComponentHealth{Status: api.ComponentStatusDown}
	}
	return c.ping(ctx, "schema", c.Schema)
}

// database checks the database. The state is degraded if it refuses writes or if all connections
// are in use; both are logged when they begin.
func (c *Checker) database(ctx context.Context) api.ComponentHealth {
	state := c.ping(ctx, "database", c.Database)
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
		c.Log.ErrorContext(ctx, "the database takes no changes", "error", err, "fix", "free space on its disk, or make the server writable")
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

// rateLimiting is degraded if Redis is configured but unavailable. Without Redis, each instance
// counts by itself as intended.
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

func (c *Checker) ping(ctx context.Context, name string, part Pinger) api.ComponentHealth {
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
