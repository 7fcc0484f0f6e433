package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// callTimeout is the most that a call takes. Only the calls that are under way when Redis falls silent take so long: the
	// first of them that ends opens the circuit.
	callTimeout = 200 * time.Millisecond
	// tooSlow is when Redis costs more than it is worth: a request mustn't take 50 ms longer because of it.
	tooSlow = 40 * time.Millisecond
	// probeTimeout bounds a probe, which may have to connect first.
	probeTimeout = time.Second
	// probePause is the time between two probes while Redis is away.
	probePause = time.Second
	// calm is how long Redis has to be there until its next failure counts as the first one.
	calm = time.Minute
	// longestBan bounds the time that a Redis which comes and goes is left alone.
	longestBan = 30 * time.Second
)

// errAway is what calls get while the circuit is open.
var errAway = errors.New("redis is away")

// circuit lets calls fail at once while Redis is away, until a probe finds that it is back. A Redis that comes and goes is
// left alone for longer each time, so that only few requests ever wait for it.
type circuit struct {
	log   *slog.Logger
	probe func(ctx context.Context) error
	away  atomic.Bool
	// look asks for a probe: calls fail, or one took long.
	look chan struct{}
}

func newCircuit(log *slog.Logger, probe func(ctx context.Context) error) *circuit {
	return &circuit{log: log, probe: probe, look: make(chan struct{}, 1)}
}

// probing marks the context of calls that are made whatever the circuit says.
type probing struct{}

// DialHook leaves dialling as it is.
func (c *circuit) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook leaves pipelines as they are: there are none but the library's own.
func (c *circuit) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook makes a call, in bounded time, unless Redis is away.
func (c *circuit) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if ctx.Value(probing{}) != nil {
			return next(ctx, cmd)
		}
		if c.away.Load() {
			return errAway
		}
		bounded, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		start := time.Now()
		err := next(bounded, cmd)
		switch {
		case isFailure(err) && ctx.Err() == nil: // else it is the caller who has gone away
			c.open(err)
		case time.Since(start) > tooSlow:
			c.wake()
		}
		return err
	}
}

// isFailure reports whether an error says that Redis can't be used: there is no such key, and there is no such script, are
// answers.
func isFailure(err error) bool {
	return err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "NOSCRIPT")
}

func (c *circuit) open(cause error) {
	if c.away.CompareAndSwap(false, true) {
		c.log.Warn("Redis is away: limits are kept per instance until it is back", "error", cause)
		c.wake()
	}
}

func (c *circuit) wake() {
	select {
	case c.look <- struct{}{}:
	default:
	}
}

// run looks after Redis until ctx ends.
func (c *circuit) run(ctx context.Context) {
	var lastBack time.Time
	ban := time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.look:
		}
		if !c.away.Load() {
			// A call took long. That may be our own machine; if so do two more it is Redis, or the way to it.
			err := c.ask(ctx)
			if err != nil {
				err = c.ask(ctx)
			}
			if err == nil || ctx.Err() != nil {
				continue
			}
			c.open(err)
		}
		switch left := time.Now(); {
		case left.Sub(lastBack) > calm:
			ban = 0
		case ban == 0:
			ban = probePause
		default:
			ban = min(2*ban, longestBan)
		}
		if !c.waitUntilBack(ctx, ban) {
			return
		}
		lastBack = time.Now()
	}
}

// waitUntilBack closes the circuit when a probe succeeds, but not before the ban is over.
func (c *circuit) waitUntilBack(ctx context.Context, ban time.Duration) bool {
	since := time.Now()
	for pause := ban; ; pause = probePause {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
		if err := c.try(ctx); err == nil {
			c.away.Store(false)
			c.log.InfoContext(ctx, "Redis is back", "after", time.Since(since).Round(time.Millisecond))
			return true
		}
	}
}

// try asks twice: the first answer may need a new connection and take its time.
func (c *circuit) try(ctx context.Context) error {
	if err := c.ask(ctx); err != nil && !errors.Is(err, errSlow) {
		return err
	}
	return c.ask(ctx)
}

// errSlow is part of the error when Redis answers, but too late.
var errSlow = fmt.Errorf("an answer is of no use after %s", tooSlow)

// ask returns an error unless Redis answers, and fast.
func (c *circuit) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, probing{}, true), probeTimeout)
	defer cancel()
	start := time.Now()
	if err := c.probe(ctx); err != nil {
		return err
	}
	if took := time.Since(start); took > tooSlow {
		return fmt.Errorf("it took %s: %w", took.Round(time.Millisecond), errSlow)
	}
	return nil
}
