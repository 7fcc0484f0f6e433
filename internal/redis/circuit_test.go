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

// server is a Redis that a test lets fail.
type server struct {
	mu    sync.Mutex
	err   error
	delay time.Duration
	calls int // that came through
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

// bubble is a circuit in a bubble of its own time.
type bubble struct {
	*circuit

	server *server
	log    *bytes.Buffer
	hook   redis.ProcessHook
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
		f(t, bubble{c, s, log, c.ProcessHook(func(ctx context.Context, _ redis.Cmder) error { return s.answer(ctx) })})
		cancel()
		<-ended
		time.Sleep(hardTimeout) // what nobody waits for any more ends, too
	})
}

var errDown = errors.New("connection refused")

// do makes a call and returns how long it took.
func (b bubble) do(t *testing.T) (time.Duration, error) {
	t.Helper()
	start := time.Now()
	err := b.circuit.do(t.Context(), b.send)
	return time.Since(start), err
}

// send is what a call does: it sends a command.
func (b bubble) send(ctx context.Context) error { return b.hook(ctx, nil) }

// fails makes a call of a Redis that fails for this call alone.
func (b bubble) fails(t *testing.T) {
	t.Helper()
	b.server.set(errDown, 0)
	if _, err := b.do(t); err == nil {
		t.Fatal("it didn't fail")
	}
	b.server.set(nil, 0)
}

// let lets time pass, and everybody come to rest.
func let(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestAfterAFailureCallsFailAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		b.server.set(errDown, 0)
		if took, err := b.do(t); err == nil || took > 0 {
			t.Fatalf("%v after %s, want the failure", err, took)
		}
		let(time.Millisecond)
		before := b.server.count()
		for range 100 {
			if took, err := b.do(t); !errors.Is(err, errAway) || took > 0 {
				t.Fatalf("%v after %s, want a failure at once", err, took)
			}
		}
		if after := b.server.count(); after != before {
			t.Errorf("%d calls came through", after-before)
		}
		let(10 * time.Minute)
		if !b.isAway() {
			t.Fatal("it is back by itself")
		}
		b.server.set(nil, 0)
		let(probePause)
		if _, err := b.do(t); err != nil {
			t.Errorf("a second after Redis is back: %v", err)
		}
		if away, back := strings.Count(b.log.String(), "Redis is away"), strings.Count(b.log.String(), "Redis is back"); away != 1 || back != 1 {
			t.Errorf("%d lines say that it is away and %d that it is back, want one each:\n%s", away, back, b.log)
		}
	})
}

func TestSilentRedisCostsOnlyTheCallsThatAreUnderWay(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		if _, err := b.do(t); err != nil { // so it isn't about connecting
			t.Fatal(err)
		}
		b.server.set(nil, time.Hour)
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() {
				if took, err := b.do(t); !errors.Is(err, errSilent) || took != callTurns*turn {
					t.Errorf("%v after %s, want the end of patience after %s", err, took, callTurns*turn)
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
		const fastEnough = slowTurns*turn - time.Millisecond
		b.server.set(nil, fastEnough)
		for range 100 {
			_, _ = b.do(t)
		}
		synctest.Wait()
		if b.isAway() {
			t.Fatalf("answers after %s are fast enough", fastEnough)
		}
		b.server.set(nil, fastEnough+2*time.Millisecond)
		_, _ = b.do(t)
		let(time.Second)
		if !b.isAway() {
			t.Fatalf("answers after more than %s are of no use", fastEnough)
		}
		let(time.Minute)
		if !b.isAway() {
			t.Fatal("it is back, and as slow as before")
		}
		b.server.set(nil, 0)
		let(probePause)
		if b.isAway() {
			t.Error("it is fast again, and still away")
		}
	})
}

func TestOneSlowAnswerIsNoReason(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		b.server.set(nil, 2*slowTurns*turn)
		done := make(chan struct{})
		go func() {
			_, _ = b.do(t)
			close(done)
		}()
		synctest.Wait()
		b.server.set(nil, 0) // our own machine was busy, and isn't any more
		<-done
		let(time.Minute)
		if b.isAway() || b.log.Len() > 0 {
			t.Errorf("away for one slow answer: %s", b.log)
		}
	})
}

func TestManySlowAnswersAreAReason(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		slow := func() {
			b.server.set(nil, 2*slowTurns*turn)
			done := make(chan struct{})
			go func() {
				_, _ = b.do(t)
				close(done)
			}()
			synctest.Wait()
			b.server.set(nil, 0) // whoever looks finds it fast
			<-done
			let(time.Second)
		}
		var together sync.WaitGroup
		b.server.set(nil, 2*slowTurns*turn)
		for range 10 * strikes {
			together.Go(func() { _, _ = b.do(t) })
		}
		synctest.Wait()
		b.server.set(nil, 0)
		together.Wait()
		let(strikeTime)
		for range strikes - 1 {
			slow()
		}
		if b.log.Len() > 0 {
			t.Fatalf("away after %d slow answers: %s", strikes-1, b.log)
		}
		slow()
		if !strings.Contains(b.log.String(), "Redis is away") {
			t.Errorf("still there after %d slow answers within %s", strikes, strikeTime)
		}
	})
}

// A Redis that fails each time that it is used may make only a few calls wait.
func TestRedisThatComesAndGoesIsLeftAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		failed := 0
		for start := time.Now(); time.Since(start) < 10*time.Minute; let(10 * time.Millisecond) {
			// Probes find it well, and the next call doesn't.
			if !b.isAway() {
				b.fails(t)
				failed++
			}
		}
		// 0, 1, 2, 4, 8, 16 and then 30 seconds lie between two of them.
		if failed < 20 || failed > 26 {
			t.Errorf("%d calls failed in ten minutes, want one in 30 s", failed)
		}
		let(longestBan + calm + time.Second)
		b.fails(t)
		let(2 * probePause)
		if b.isAway() {
			t.Error("after a calm minute the next failure isn't like the first one")
		}
	})
}

func TestWhatIsNoFailureOfRedis(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b bubble) {
		for _, err := range []error{nil, redis.Nil, answerOf("NOSCRIPT No matching script.")} {
			b.server.set(err, 0)
			_, _ = b.do(t)
		}
		ctx, leave := context.WithCancel(t.Context())
		leave()
		b.server.set(nil, time.Hour)
		if err := b.circuit.do(ctx, b.send); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want the caller to have gone away", err)
		}
		if b.isAway() {
			t.Errorf("away: %s", b.log)
		}
		for _, err := range []error{answerOf("READONLY You can't write against a read only replica."), answerOf("OOM command not allowed")} {
			if !isFailure(err) {
				t.Errorf("%v is as good as no Redis", err)
			}
		}
	})
}

type answerOf string

func (a answerOf) Error() string { return string(a) }
func (answerOf) RedisError()     {}
