package ratelimit_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	goredis "github.com/redis/go-redis/v9"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/faultproxy"
	"github.com/tenantry/tenantry/internal/ratelimit"
	"github.com/tenantry/tenantry/internal/redis"
	"github.com/tenantry/tenantry/internal/redis/redistest"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const limit = 50

// clock is a fixed clock: no window ends during a test.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2026, 11, 23, 9, 30, 15, 250_000_000, time.UTC).Add(time.Duration(c.ahead.Load()))
}

func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// installation is a set of limiters with the same secret, like the instances of an installation.
type installation struct {
	clock  *clock
	secret []byte
}

func newInstallation() installation {
	return installation{&clock{}, []byte(uuid.NewString())} // its own keys in Redis
}

// instance returns a limiter. Without a URL it has no Redis.
func (i installation) instance(t testing.TB, url string) (*ratelimit.Limiter, *redis.Client) {
	t.Helper()
	opts := ratelimit.Options{
		PerMinute: map[access.RateClass]int{access.RateDefault: limit, access.RateLogin: 3}, SecretKey: i.secret, Now: i.clock.now,
	}
	var client *redis.Client
	if url != "" {
		var err error
		if client, err = redis.Open(url, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			client.Run(ctx)
			close(ended)
		}()
		t.Cleanup(func() {
			stop()
			<-ended
			client.Close()
		})
		opts.Redis = client
	}
	l, err := ratelimit.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return l, client
}

// concurrentRequests sends 1,000 concurrent requests of one subject, to each of the limiters in
// turn, and returns how many are allowed.
func concurrentRequests(t testing.TB, subject string, limiters ...*ratelimit.Limiter) int64 {
	t.Helper()
	var passed atomic.Int64
	var wait sync.WaitGroup
	start := make(chan struct{})
	for n := range 1000 {
		wait.Go(func() {
			<-start
			if limiters[n%len(limiters)].Take(t.Context(), access.RateDefault, subject, 1).Allowed {
				passed.Add(1)
			}
		})
	}
	close(start)
	wait.Wait()
	return passed.Load()
}

func TestExactlyTheLimitPasses(t *testing.T) {
	t.Parallel()
	t.Run("in memory", func(t *testing.T) {
		t.Parallel()
		l, _ := newInstallation().instance(t, "")
		if passed := concurrentRequests(t, "someone", l); passed != limit {
			t.Errorf("%d of 1000 pass, want %d", passed, limit)
		}
	})
	t.Run("with Redis", func(t *testing.T) {
		t.Parallel()
		l, _ := newInstallation().instance(t, storetest.RedisURL(t))
		if passed := concurrentRequests(t, "someone", l); passed != limit {
			t.Errorf("%d of 1000 pass, want %d", passed, limit)
		}
	})
	t.Run("over two instances with one Redis", func(t *testing.T) {
		t.Parallel()
		i, url := newInstallation(), storetest.RedisURL(t)
		one, _ := i.instance(t, url)
		two, _ := i.instance(t, url)
		if passed := concurrentRequests(t, "someone", one, two); passed != limit {
			t.Errorf("%d of 1000 pass, want %d", passed, limit)
		}
	})
	t.Run("over two instances with one cluster", func(t *testing.T) {
		t.Parallel()
		i, servers := newInstallation(), redistest.StartCluster(t)
		one, _ := i.instance(t, "redis+cluster://"+servers[0].Addr)
		two, _ := i.instance(t, "redis+cluster://"+servers[1].Addr)
		for n := range 6 { // whose keys are on different servers
			if passed := concurrentRequests(t, fmt.Sprint("someone ", n), one, two); passed != limit {
				t.Errorf("%d of 1000 pass, want %d", passed, limit)
			}
		}
	})
}

func take(t testing.TB, l *ratelimit.Limiter, subject string) ratelimit.Verdict {
	t.Helper()
	return l.Take(t.Context(), access.RateDefault, subject, 1)
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", storetest.RedisURL(t)} {
		i := newInstallation()
		l, _ := i.instance(t, url)
		for n := int64(1); n <= limit+2; n++ {
			v := take(t, l, "someone")
			if v.Allowed != (n <= limit) || v.Limit != limit || v.Remaining != max(limit-n, 0) || v.Class != access.RateDefault {
				t.Fatalf("request %d: %+v", n, v)
			}
			if v.Reset < time.Second || v.Reset > ratelimit.Period || v.Reset%time.Second != 0 || v.ResetAt.Before(i.clock.now()) || v.ResetAt.Sub(i.clock.now()) > v.Reset {
				t.Fatalf("request %d: Reset %s, ResetAt %s; now is %s", n, v.Reset, v.ResetAt, i.clock.now())
			}
		}
		// A client is allowed exactly after the time in Reset, and not earlier.
		wait := take(t, l, "someone").Reset
		i.clock.advance(wait - time.Second - 250*time.Millisecond)
		if v := take(t, l, "someone"); v.Allowed || v.Reset != time.Second {
			t.Errorf("just before the end: %+v", v)
		}
		i.clock.advance(time.Second + 250*time.Millisecond)
		if v := take(t, l, "someone"); !v.Allowed || v.Remaining != limit-1 {
			t.Errorf("after %s: %+v", wait, v)
		}
	}
}

func TestSubjectsAndClassesAreCountedApart(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", storetest.RedisURL(t)} {
		l, _ := newInstallation().instance(t, url)
		concurrentRequests(t, "someone", l)
		if v := take(t, l, "someone else"); !v.Allowed || v.Remaining != limit-1 {
			t.Errorf("someone else: %+v", v)
		}
		if v := l.Take(t.Context(), access.RateLogin, "someone", 1); !v.Allowed || v.Limit != 3 || v.Remaining != 2 || v.Class != access.RateLogin {
			t.Errorf("another class: %+v", v)
		}
	}
}

func TestWindowsOfSubjectsEndAtDifferentTimes(t *testing.T) {
	t.Parallel()
	l, _ := newInstallation().instance(t, "")
	ends := map[time.Time]bool{}
	for n := range 200 {
		ends[take(t, l, fmt.Sprint("someone ", n)).ResetAt] = true
	}
	if len(ends) < 30 {
		t.Errorf("the windows of 200 subjects end at only %d different times", len(ends))
	}
}

func TestKeysAreHashedAndExpire(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l, _ := newInstallation().instance(t, "redis://"+server.Addr)
	subject := "address 192.0.2.77"
	take(t, l, subject)
	client := goredis.NewClient(&goredis.Options{Addr: server.Addr})
	defer client.Close()
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("%q (%v), want one key", keys, err)
	}
	if !strings.HasPrefix(keys[0], redis.Prefix) || strings.Contains(keys[0], "192.0.2.77") || strings.Contains(keys[0], "address") {
		t.Errorf("%q, want our prefix and no address", keys[0])
	}
	if left, err := client.PTTL(t.Context(), keys[0]).Result(); err != nil || left <= 0 || left > ratelimit.Period {
		t.Errorf("the key expires after %s (%v), want a minute at most", left, err)
	}
}

func TestRedisThatFailsAndRecovers(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faultproxy.Fault{"down": faultproxy.Refused, "reset": faultproxy.Reset, "half open": faultproxy.HalfOpen} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newInstallation()
			proxy, through := faultproxy.For(t, storetest.RedisURL(t))
			one, client := i.instance(t, through)
			two, _ := i.instance(t, storetest.RedisURL(t))
			for range 20 {
				take(t, two, "someone")
			}
			if v := take(t, one, "someone"); v.Remaining != limit-21 || !one.IsShared() {
				t.Fatalf("%+v, want a common count", v)
			}

			proxy.Fail(fault)
			// The count that was read from Redis still applies.
			if v := take(t, one, "someone"); v.Remaining != limit-22 {
				t.Errorf("%d left without Redis, want %d", v.Remaining, limit-22)
			}
			if passed := concurrentRequests(t, "someone", one); passed != limit-22 {
				t.Errorf("%d more pass without Redis, want %d", passed, limit-22)
			}
			if passed := concurrentRequests(t, "someone else", one); passed != limit {
				t.Errorf("%d pass without Redis, want %d of an instance", passed, limit)
			}
			if one.IsShared() {
				t.Error("IsShared is true without Redis")
			}

			proxy.Fail(faultproxy.None)
			redistest.Until(t, "Redis is back", func() bool { return !client.IsAway() })
			if !one.IsShared() {
				t.Error("IsShared is false with Redis")
			}
			before := take(t, two, "a third").Remaining
			if v := take(t, one, "a third"); v.Remaining != before-1 {
				t.Errorf("%d left, want %d: all count together again", v.Remaining, before-1)
			}
			// The requests of the other instance, and those without Redis, still count.
			if v := take(t, one, "someone"); v.Allowed {
				t.Errorf("%+v, want the instance's own count", v)
			}
		})
	}
}

func TestStartWithoutRedis(t *testing.T) {
	t.Parallel()
	i := newInstallation()
	proxy, through := faultproxy.For(t, storetest.RedisURL(t))
	proxy.Fail(faultproxy.Refused)
	one, client := i.instance(t, through)
	if passed := concurrentRequests(t, "someone", one); passed != limit {
		t.Errorf("%d pass, want %d", passed, limit)
	}
	proxy.Fail(faultproxy.None)
	redistest.Until(t, "Redis is there", func() bool { return !client.IsAway() })
	two, _ := i.instance(t, storetest.RedisURL(t))
	if passed := concurrentRequests(t, "someone else", one, two); passed != limit {
		t.Errorf("%d pass, want %d over both", passed, limit)
	}
}

// A restarted Redis has lost its data, and also the script.
func TestRedisThatForgetsItsScripts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l, _ := newInstallation().instance(t, "redis://"+server.Addr)
	take(t, l, "someone")
	client := goredis.NewClient(&goredis.Options{Addr: server.Addr})
	defer client.Close()
	if err := client.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	take(t, l, "someone")
	keys, err := client.Keys(t.Context(), redis.Prefix+"limit:*").Result()
	if err != nil || len(keys) != 1 || !l.IsShared() {
		t.Fatalf("%q (%v), want one key", keys, err)
	}
	if n, err := client.Get(t.Context(), keys[0]).Int(); err != nil || n != 2 {
		t.Errorf("%d requests counted (%v), want 2", n, err)
	}
}

// Of a million clients within a minute, at most 200,000 are stored, among them one that sends
// requests continuously.
func TestMemoryIsBounded(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	i := newInstallation()
	l, _ := i.instance(t, "")
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for n := range 1_000_000 {
		l.Take(t.Context(), access.RateDefault, fmt.Sprint("address ", n), 1)
		if n%50_000 == 0 {
			take(t, l, "someone")
		}
	}
	if grown := int64(heap()) - int64(before); grown > 40<<20 {
		t.Errorf("%d MB for a million clients, want at most 40", grown>>20)
	} else {
		t.Logf("%d MB for a million clients", grown>>20)
	}
	if v := take(t, l, "someone"); v.Remaining != limit-21 {
		t.Errorf("%d left, want %d: the counter of a continuously active client was dropped", v.Remaining, limit-21)
	}
	runtime.KeepAlive(l)
}

func BenchmarkTake(b *testing.B) {
	for name, url := range map[string]string{"memory": "", "redis": storetest.RedisURL(b)} {
		b.Run(name, func(b *testing.B) {
			i := newInstallation()
			l, _ := i.instance(b, url)
			for n := 0; b.Loop(); n++ {
				l.Take(b.Context(), access.RateDefault, fmt.Sprint("address ", n), 1)
			}
		})
	}
}
