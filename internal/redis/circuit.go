package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
)

const (
	// maxFailures is the number of failures within failureWindow that opens the circuit. Slow
	// answers count as failures.
	maxFailures   = 3
	failureWindow = 10 * time.Second
	// firstPause is the time from the opening of the circuit to the first probe, and between two
	// probes.
	firstPause = time.Second
	// longestPause limits the time to the first probe if the circuit opens repeatedly.
	longestPause = 30 * time.Second
	// resetAfter is how long the circuit must be closed before the pause is reset to firstPause.
	resetAfter = time.Minute
)

var (
	errAway   = errors.New("redis is away")
	errSilent = errors.New("no answer")
	errSlow   = errors.New("answers take too long")
	// errUncounted is the result of a call that says nothing about Redis.
	errUncounted = errors.New("uncounted")
)

// circuit is a circuit breaker for calls of Redis. While it is open, calls fail at once. Only a
// probe closes it, so requests never test whether Redis is available. The pause before the first
// probe doubles with each opening within resetAfter of the last closing. So an unstable Redis
// delays few requests.
type circuit struct {
	log     *slog.Logger
	probe   func(ctx context.Context) error
	breaker *gobreaker.TwoStepCircuitBreaker[any]
	opened  chan struct{} // wakes run

	mu          sync.Mutex
	slowCounted time.Time // when a slow answer was last counted
	failure     error     // the last failure
}

func newCircuit(log *slog.Logger, probe func(ctx context.Context) error) *circuit {
	c := &circuit{log: log, probe: probe, opened: make(chan struct{}, 1)}
	c.breaker = gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
		Interval:    failureWindow,
		Timeout:     time.Nanosecond, // run decides when to probe
		ReadyToTrip: func(counts gobreaker.Counts) bool { return counts.TotalFailures >= maxFailures },
		IsExcluded:  func(err error) bool { return errors.Is(err, errUncounted) },
		OnStateChange: func(_ string, from, _ gobreaker.State) {
			if from == gobreaker.StateClosed {
				c.log.Warn("Redis is away: until it is back, each instance counts rate limits alone", "error", hide(c.failure))
				select {
				case c.opened <- struct{}{}:
				default:
				}
			}
		},
	})
	return c
}

func (c *circuit) isAway() bool { return c.breaker.State() != gobreaker.StateClosed }

// do calls f and counts the result, unless the circuit is open. It waits for f as wait does.
func (c *circuit) do(ctx context.Context, f func(ctx context.Context) error) error {
	if c.isAway() {
		return errAway
	}
	report, err := c.breaker.Allow()
	if err != nil {
		return errAway
	}
	began := time.Now()
	turns, err := wait(ctx, f)
	c.count(ctx, report, err, turns, began)
	return err
}

// count reports the result of a call to the breaker. A cancelled call says nothing about Redis.
//
// Slow answers to concurrent calls count once, because they may have one cause, such as a fork of
// Redis to save its data.
func (c *circuit) count(ctx context.Context, report func(error), err error, turns int, began time.Time) {
	switch {
	case ctx.Err() != nil:
		report(errUncounted)
		return
	case !isFailure(err) && turns < slowTurns:
		report(nil)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !isFailure(err) {
		if began.Before(c.slowCounted) {
			report(errUncounted)
			return
		}
		c.slowCounted = time.Now()
		err = slowAfter(turns)
	}
	c.failure = err
	report(err)
}

// isFailure reports whether an error means that Redis is unavailable. A missing key and a missing
// script are valid answers.
func isFailure(err error) bool {
	return err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "NOSCRIPT")
}

func slowAfter(turns int) error {
	return fmt.Errorf("%w: about %s", errSlow, time.Duration(turns)*turn)
}

// run probes Redis while the circuit is open, until ctx ends.
func (c *circuit) run(ctx context.Context) {
	var closed time.Time
	pause := firstPause
	for {
		for !c.isAway() {
			select {
			case <-ctx.Done():
				return
			case <-c.opened:
			}
		}
		if pause = min(2*pause, longestPause); time.Since(closed) > resetAfter {
			pause = firstPause
		}
		if !c.probeUntilClosed(ctx, pause) {
			return
		}
		closed = time.Now()
	}
}

// probeUntilClosed probes after a pause until a probe succeeds. It returns false if ctx ends.
func (c *circuit) probeUntilClosed(ctx context.Context, pause time.Duration) bool {
	for began := time.Now(); ; pause = firstPause {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
		report, err := c.breaker.Allow()
		if err != nil {
			continue
		}
		err = c.probeTwice(ctx)
		if c.count(ctx, report, err, 0, began); err == nil {
			c.log.InfoContext(ctx, "Redis is back", "after", time.Since(began).Round(time.Millisecond))
			return true
		}
	}
}

// probeTwice returns nil if Redis answers fast at the first or second attempt: the first may need a
// new connection.
func (c *circuit) probeTwice(ctx context.Context) error {
	for try := 1; ; try++ {
		turns, err := wait(ctx, c.probe)
		switch {
		case err != nil:
			return err
		case turns < slowTurns:
			return nil
		case try > 1:
			return slowAfter(turns)
		}
	}
}
