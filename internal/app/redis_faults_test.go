package app_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/faultproxy"
	"github.com/tenantry/tenantry/internal/redis/redistest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const mePath = "/api/v1/auth/me"

// behindFaults starts an application that reaches its Redis through a proxy that can fail.
func behindFaults(t testing.TB, perMinute int) (*apitest.App, *faultproxy.Proxy) {
	t.Helper()
	proxy, through := faultproxy.For(t, storetest.RedisURL(t))
	a := apitest.New(t, store.SQLite, func(c *config.Config) {
		c.RedisURL, c.SecretKey = config.NewSecret(through), config.NewSecret("only-for-tests-"+uuid.NewString())
		c.RateLimitEnabled, c.RateLimitPerMinute, c.RateLimitLoginPerMinute, c.RateLimitRefreshPerMinute, c.RateLimitPasswordPerMinute = true, perMinute, 1000, 1000, 1000
	})
	return a, proxy
}

// faults are the ways in which Redis fails.
var faults = map[string]func(p *faultproxy.Proxy){
	"down":      func(p *faultproxy.Proxy) { p.Fail(faultproxy.Refused) },
	"reset":     func(p *faultproxy.Proxy) { p.Fail(faultproxy.Reset) },
	"half open": func(p *faultproxy.Proxy) { p.Fail(faultproxy.HalfOpen) },
	"slow":      func(p *faultproxy.Proxy) { p.Delay(30 * time.Millisecond) }, // in each direction
	"very slow": func(p *faultproxy.Proxy) { p.Delay(time.Second) },
}

// TestRequestsSucceedWithoutRedis tests only the replies. Package redis tests the time-out of a
// call with a fake clock, and BenchmarkRequestsWithoutRedis measures the delay of requests.
func TestRequestsSucceedWithoutRedis(t *testing.T) {
	t.Parallel()
	for name, begin := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, proxy := behindFaults(t, 1_000_000)
			person := a.Actor(t, access.Viewer)
			person.Do(t, http.MethodGet, mePath, "").Want(t, 200)
			begin(proxy)
			isAway := func() bool { return strings.Contains(a.Log.String(), "Redis is away") }
			redistest.Until(t, "Redis is away", func() bool {
				person.Do(t, http.MethodGet, mePath, "").Want(t, 200)
				return isAway()
			})
			for range 20 {
				person.Do(t, http.MethodGet, mePath, "").Want(t, 200)
			}
		})
	}
}

// BenchmarkRequestsWithoutRedis checks a promise: without Redis, or with one that comes and goes,
// the 99th percentile of the response time grows by less than 50 ms.
func BenchmarkRequestsWithoutRedis(b *testing.B) {
	for name, begin := range faults {
		b.Run(name, func(b *testing.B) { benchmarkWithoutRedis(b, begin, 0) })
	}
	for _, name := range []string{"down", "half open"} {
		b.Run("flapping, "+name, func(b *testing.B) { benchmarkWithoutRedis(b, faults[name], 200*time.Millisecond) })
	}
}

// benchmarkWithoutRedis makes Redis fail once, or repeatedly if pause isn't 0.
func benchmarkWithoutRedis(b *testing.B, fail func(p *faultproxy.Proxy), pause time.Duration) {
	a, proxy := behindFaults(b, 1_000_000)
	person := a.Actor(b, access.Viewer)
	before := slowest(b, a, person, 500, 0)
	fail(proxy)
	done := make(chan struct{})
	var flapper sync.WaitGroup
	if pause > 0 {
		flapper.Go(func() {
			for isDown := true; ; isDown = !isDown {
				select {
				case <-done:
					return
				case <-time.After(pause):
				}
				if isDown {
					proxy.Fail(faultproxy.None)
				} else {
					fail(proxy)
				}
			}
		})
	}
	var after time.Duration
	for b.Loop() {
		after = slowest(b, a, person, 2000, 3*time.Second)
	}
	close(done)
	flapper.Wait()
	b.ReportMetric(float64((after-before).Microseconds())/1000, "added-p99-ms")
}

// slowest sends this many requests of one person, for at least this time, and returns the 99th
// percentile of the response time.
func slowest(b *testing.B, a *apitest.App, person *apitest.Actor, requests int, during time.Duration) time.Duration {
	b.Helper()
	client := &http.Client{Timeout: time.Minute} // without the check against the document, which would take most of the time
	var took []time.Duration
	for end := time.Now().Add(during); len(took) < requests || time.Now().Before(end); {
		request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, a.URL+mePath, nil)
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+person.AccessToken)
		start := time.Now()
		response, err := client.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			b.Fatalf("status %d, want 200", response.StatusCode)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

func TestLimitsHoldWithoutRedis(t *testing.T) {
	t.Parallel()
	const limit = 20
	for name, begin := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, proxy := behindFaults(t, limit)
			a.Clock.Hold(time.Now())
			person := a.Actor(t, access.Viewer)
			passed := 0
			for n := range 3 * limit {
				if n == limit/2 {
					begin(proxy)
				}
				if person.Do(t, http.MethodGet, mePath, "").Status == http.StatusOK {
					passed++
				}
			}
			if passed != limit {
				t.Errorf("%d pass, want %d", passed, limit)
			}
			proxy.Fail(faultproxy.None)
			proxy.Delay(0)
			redistest.Until(t, "Redis is back", func() bool { return strings.Contains(a.Log.String(), "Redis is back") })
			person.Do(t, http.MethodGet, mePath, "").WantCode(t, 429, "rate_limited")
			a.Clock.Advance(time.Minute)
			person.Do(t, http.MethodGet, mePath, "").Want(t, 200)
		})
	}
}
