package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Patience is counted in turns, not in time. A turn is 10 ms, and then until every other goroutine that wants to run has run. So when
// our own machine has too much to do and answers wait to be read, patience gets longer by as much, and nobody takes that for
// a fault of Redis.
const (
	turn = 10 * time.Millisecond
	// callTurns is the most that a call waits. Only those that are under way when Redis falls silent wait so long: the first of
	// them opens the circuit for all. So it is how many they are that matters, and not how long they wait.
	callTurns = 25
	// slowTurns is when Redis costs more than it is worth: a request mustn't take 50 ms longer because of it.
	slowTurns = 4
	// coldTurns is the most that is waited while nothing has been answered yet: connecting is several answers.
	coldTurns = 100
)

const (
	// hardTimeout ends what nobody waits for any more. It is time, so it has to be more than a busy machine ever needs.
	hardTimeout = 10 * time.Second
	// probePause is the time between two probes while Redis is away.
	probePause = time.Second
	// calm is how long Redis has to be there until its next failure counts as the first one.
	calm = time.Minute
	// strikes is how many slow calls within strikeTime are too many, even if answers are fast each time that one looks. Those within
	// strikeGap are one: many requests may come at once.
	strikes    = 4
	strikeGap  = 500 * time.Millisecond
	strikeTime = 10 * time.Second
	// longestBan bounds the time that a Redis which comes and goes is left alone.
	longestBan = 30 * time.Second
)

var (
	errAway   = errors.New("redis is away")
	errSilent = errors.New("no answer")
	errSlow   = errors.New("answers take too long")
)

// circuit lets calls fail at once while Redis is away, until a probe finds that it is back. A Redis that comes and goes is
// left alone for longer each time, so that only few requests ever wait for it.
type circuit struct {
	log   *slog.Logger
	probe func(ctx context.Context) error
	// look asks for a probe: calls fail, or one took long.
	look chan struct{}

	warm atomic.Bool // calls have been answered since Redis is there
	mu   sync.Mutex
	gone chan struct{} // closed while Redis is away
}

func newCircuit(log *slog.Logger, probe func(ctx context.Context) error) *circuit {
	return &circuit{log: log, probe: probe, look: make(chan struct{}, 1), gone: make(chan struct{})}
}

// probing marks the context of calls that are made whatever the circuit says.
type probing struct{}

// DialHook leaves dialling as it is.
func (c *circuit) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook leaves pipelines as they are: there are none but the library's own.
func (c *circuit) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook sends a command, unless Redis is away, and notes what is a failure of Redis.
func (c *circuit) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if ctx.Value(probing{}) != nil {
			return next(ctx, cmd)
		}
		if c.isAway() {
			return errAway
		}
		err := next(ctx, cmd)
		if isFailure(err) && !errors.Is(err, context.Canceled) {
			c.open(err)
		}
		return err
	}
}

// isFailure reports whether an error says that Redis can't be used: there is no such key, and there is no such script, are
// answers.
func isFailure(err error) bool {
	return err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "NOSCRIPT")
}

// do calls f, and doesn't wait for its end when Redis is away, nor longer than a call may take.
func (c *circuit) do(ctx context.Context, f func(ctx context.Context) error) error {
	if c.isAway() {
		return errAway
	}
	most := coldTurns
	if c.warm.Load() {
		most = callTurns
	}
	turns, err := c.wait(ctx, most, f)
	c.warm.CompareAndSwap(false, err == nil)
	switch {
	case err == nil && turns >= slowTurns:
		c.wake()
	case isFailure(err) && !errors.Is(err, errAway) && ctx.Err() == nil: // else it is the caller who has gone away
		c.open(err)
	}
	return err
}

// wait calls f and returns how many turns it took. After so many turns it is errSilent, and f ends by itself; so it does
// when Redis goes away, or ctx ends.
func (c *circuit) wait(ctx context.Context, most int, f func(ctx context.Context) error) (turns int, err error) {
	done := make(chan error, 1)
	go func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), hardTimeout)
		defer cancel()
		done <- f(bounded)
	}()
	gone := c.whenGone()
	if ctx.Value(probing{}) != nil {
		gone = nil
	}
	timer := time.NewTimer(turn)
	defer timer.Stop()
	for ; turns < most; turns++ {
		select {
		case err := <-done:
			return turns, err
		case <-gone:
			return turns, errAway
		case <-ctx.Done():
			return turns, ctx.Err()
		case <-timer.C:
			runtime.Gosched()
			timer.Reset(turn)
		}
	}
	return turns, errSilent
}

func (c *circuit) whenGone() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

func (c *circuit) isAway() bool {
	select {
	case <-c.whenGone():
		return true
	default:
		return false
	}
}

func (c *circuit) open(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.gone:
	default:
		c.log.Warn("Redis is away: until it is back each instance limits by itself", "error", hide(cause))
		close(c.gone)
		c.wake()
	}
}

func (c *circuit) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.warm.Store(false)
	c.gone = make(chan struct{})
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
	var slow []time.Time
	ban := time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.look:
		}
		if !c.isAway() {
			if len(slow) == 0 || time.Since(slow[len(slow)-1]) > strikeGap {
				slow = append(slow, time.Now())
			}
			slow = slices.DeleteFunc(slow, func(t time.Time) bool { return time.Since(t) > strikeTime })
			if len(slow) < strikes && !c.isSlow(ctx) || ctx.Err() != nil {
				continue
			}
			c.open(errSlow)
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

// isSlow reports whether two calls in a row take long, as one has before.
func (c *circuit) isSlow(ctx context.Context) bool {
	for range 2 {
		if c.ask(ctx) == nil {
			return false
		}
	}
	return true
}

// waitUntilBack closes the circuit when a probe succeeds, but not before the ban is over. It reports false if ctx ends.
func (c *circuit) waitUntilBack(ctx context.Context, ban time.Duration) bool {
	since := time.Now()
	for pause := ban; ; pause = probePause {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
		if err := c.try(ctx); err == nil {
			c.close()
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

// ask returns an error unless Redis answers, and fast.
func (c *circuit) ask(ctx context.Context) error {
	turns, err := c.wait(context.WithValue(ctx, probing{}, true), coldTurns, c.probe)
	if err != nil {
		return err
	}
	if turns >= slowTurns {
		return fmt.Errorf("%w: about %s", errSlow, time.Duration(turns)*turn)
	}
	return nil
}
