// Package health says whether the parts that the program works with are well.
package health

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tenantry/tenantry/gen/api"
)

// timeout is how long a part may take to give a sign of life.
const timeout = time.Second

// Pinger is a part that can be asked for a sign of life.
type Pinger interface {
	Ping(ctx context.Context) error
}

// Checker asks all parts at the same time.
type Checker struct {
	Log      *slog.Logger
	Database Pinger
	Redis    Pinger // nil: not set up
	// Draining reports whether the process is about to end. Then it is down for those who choose where to send requests.
	Draining func() bool
	// LimitsAreShared reports whether all instances count requests together. Nil: nothing is limited.
	LimitsAreShared func() bool
}

// Check returns the state of all parts. Without the database nothing works: down. Without Redis all works, but each instance
// limits by itself: degraded. Why
// a part is down is in the log, not in the reply: strangers may ask.
func (c *Checker) Check(ctx context.Context) api.Health {
	state := api.Health{Status: api.HealthStatusOk}
	var wait sync.WaitGroup
	wait.Go(func() { state.Components.Database = c.ask(ctx, "database", c.Database) })
	wait.Go(func() { state.Components.Redis = c.ask(ctx, "redis", c.Redis) })
	wait.Wait()
	state.Components.RateLimiting = api.ComponentHealth{Status: c.rateLimiting()}
	if state.Components.Redis.Status == api.ComponentStatusDown || state.Components.RateLimiting.Status == api.ComponentStatusDegraded {
		state.Status = api.HealthStatusDegraded
	}
	if state.Components.Database.Status == api.ComponentStatusDown || c.Draining != nil && c.Draining() {
		state.Status = api.HealthStatusDown
	}
	return state
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
