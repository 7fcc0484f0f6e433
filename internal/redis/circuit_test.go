package redis

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
)

// server is a fake Redis that can fail.
type server struct {
	mu    sync.Mutex
	err   error
	delay time.Duration
	calls int // calls that reached the server
}

func (s *server) set(err error, delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.delay = err, delay
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *server) answer(ctx context.Context) error {
	s.mu.Lock()
	err, delay := s.err, s.delay
	s.calls++
	s.mu.Unlock()
	select {
	case <-time.After(delay):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// bubble is a circuit in a synctest bubble with a fake clock.
type bubble struct {
	*circuit

	server *server
	log    *bytes.Buffer
}

func inBubble(t *testing.T, f func(t *testing.T, b bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, log := &server{}, &bytes.Buffer{}
		c := newCircuit(slog.New(slog.NewTextHandler(log, nil)), s.answer)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			c.run(ctx)
			close(ended)
		}()
		f(t, bubble{c, s, log})
		cancel()
		<-ended
		time.Sleep(hardTimeout) // abandoned calls end, too
	})
}

var errDown = errors.New("connection refused")

// do makes a call and returns its duration.
func (b bubble) do(t *testing.T) (time.Duration, error) {
	t.Helper()
	start := time.Now()
	err := b.circuit.do(t.Context(), b.server.answer)
	return time.Since(start), err
}

// open makes failing calls until the circuit opens, and then repairs the server.
func (b bubble) open(t *testing.T) {
	t.Helper()
	b.server.set(errDown, 0)
	for range maxFailures {
		if _, err := b.do(t); !errors.Is(err, errDown) {
			t.Fatalf("%v, want the failure", err)
		}
	}
	b.server.set(nil, 0)
	if !b.isAway() {
		t.Fatalf("the circuit is closed after %d failures", maxFailures)
	}
}

// hiccup makes concurrent calls with slow answers, and then repairs the server.
func (b bubble) hiccup(t *testing.T, calls int) {
	t.Helper()
	b.server.set(nil, 2*slowTurns*turn)
	var together sync.WaitGroup
	for range calls {
		together.Go(func() { _, _ = b.do(t) })
	}
	synctest.Wait()
	b.server.set(nil, 0)
	together.Wait()
}

func (b bubble) wantAway(t *testing.T, want bool, when string) {
	t.Helper()
	if b.isAway() != want {
		t.Errorf("%s: Redis is away: %t, want %t\n%s", when, !want, want, b.log)
	}
}

// pass sleeps and waits until all goroutines are blocked.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestOpenCircuitFailsAtOnceUntilAProbeSucceeds(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		b.open(t)
		b.server.set(errDown, 0)
		before := b.server.count()
		for range 100 {
			if took, err := b.do(t); !errors.Is(err, errAway) || took > 0 {
				t.Fatalf("%v after %s, want a failure at once", err, took)
			}
		}
		if after := b.server.count(); after != before {
			t.Errorf("%d calls reached Redis while the circuit was open", after-before)
		}
		pass(10 * time.Minute)
		b.wantAway(t, true, "while probes fail")
		b.server.set(nil, 0)
		pass(firstPause)
		if _, err := b.do(t); err != nil {
			t.Errorf("a second after Redis is back: %v", err)
		}
		if away, back := strings.Count(b.log.String(), "level=WARN"), strings.Count(b.log.String(), "level=INFO"); away != 1 || back != 1 ||
			!strings.Contains(b.log.String(), errDown.Error()) {
			t.Errorf("%d warnings that it is away and %d messages that it is back, want one each, and the reason:\n%s", away, back, b.log)
		}
	})
}

func TestSilentRedisCostsOnlyTheCallsThatAreUnderWay(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		b.server.set(nil, time.Hour)
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() {
				if took, err := b.do(t); !errors.Is(err, errSilent) || took != callTurns*turn {
					t.Errorf("%v after %s, want no answer after %s", err, took, callTurns*turn)
				}
			})
		}
		wait.Wait()
		if took, err := b.do(t); !errors.Is(err, errAway) || took > 0 {
			t.Errorf("%v after %s, want a failure at once", err, took)
		}
		if n := strings.Count(b.log.String(), "\n"); n != 1 {
			t.Errorf("%d lines for one failure:\n%s", n, b.log)
		}
	})
}

func TestSlowRedisIsAway(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		const fast, slow = slowTurns*turn - time.Millisecond, slowTurns*turn + time.Millisecond
		b.server.set(nil, fast)
		for range 100 {
			_, _ = b.do(t)
		}
		b.wantAway(t, false, "answers are fast enough")
		b.server.set(nil, slow)
		for range maxFailures {
			if _, err := b.do(t); err != nil {
				t.Errorf("%v, want the slow answer", err)
			}
		}
		b.wantAway(t, true, "answers are too slow")
		pass(time.Minute)
		b.wantAway(t, true, "answers are still too slow")
		b.server.set(nil, 0)
		pass(firstPause)
		b.wantAway(t, false, "answers are fast again")
	})
}

func TestSlowAnswersAtTheSameTimeCountOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		b.hiccup(t, 10*maxFailures)
		for range maxFailures - 2 {
			b.hiccup(t, 1)
		}
		b.wantAway(t, false, "before the last hiccup")
		pass(failureWindow)
		b.hiccup(t, 1)
		b.wantAway(t, false, "hiccups of some time ago don't count")
		for range maxFailures - 1 {
			b.hiccup(t, 1)
			_, _ = b.do(t) // fast answers between them don't reset the count
		}
		b.wantAway(t, true, "hiccup after hiccup")
	})
}

// A Redis that fails whenever it is used may delay only a few calls.
func TestUnstableRedisIsUsedRarely(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		opened := 0
		for start := time.Now(); time.Since(start) < 10*time.Minute; pass(10 * time.Millisecond) {
			// Probes succeed, and the next calls fail.
			if !b.isAway() {
				b.open(t)
				opened++
			}
		}
		// The times between two openings are 1, 2, 4, 8, 16 and then 30 seconds.
		if opened < 20 || opened > 26 {
			t.Errorf("it failed %d times in ten minutes, want once in 30 s", opened)
		}
		pass(longestPause + resetAfter + time.Second)
		b.open(t)
		pass(firstPause)
		b.wantAway(t, false, "after a calm minute the next failure is like the first one")
	})
}

func TestErrorsThatAreNoFailuresOfRedis(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		for _, err := range []error{nil, redis.Nil, answerOf("NOSCRIPT No matching script.")} {
			b.server.set(err, 0)
			for range maxFailures {
				_, _ = b.do(t)
			}
		}
		ctx, leave := context.WithCancel(t.Context())
		leave()
		b.server.set(nil, time.Hour)
		for range maxFailures {
			if err := b.circuit.do(ctx, b.server.answer); !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want that the caller has gone away", err)
			}
		}
		b.wantAway(t, false, "Redis has done nothing wrong")
		for _, err := range []error{answerOf("READONLY You can't write against a read only replica."), answerOf("OOM command not allowed")} {
			if !isFailure(err) {
				t.Errorf("%v doesn't count as a failure", err)
			}
		}
	})
}

type answerOf string

func (a answerOf) Error() string { return string(a) }
func (answerOf) RedisError()     {}
