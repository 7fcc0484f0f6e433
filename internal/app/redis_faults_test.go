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

// behindFaults starts an application with a Redis whose network can fail.
func behindFaults(t *testing.T, perMinute int) (*apitest.App, *faultproxy.Proxy) {
	t.Helper()
	proxy, through := faultproxy.For(t, storetest.RedisURL(t))
	a := apitest.New(t, store.SQLite, func(c *config.Config) {
		c.RedisURL, c.SecretKey = config.NewSecret(through), config.NewSecret("only-for-tests-"+uuid.NewString())
		c.RateLimitEnabled, c.RateLimitPerMinute, c.RateLimitLoginPerMinute, c.RateLimitRefreshPerMinute, c.RateLimitPasswordPerMinute = true, perMinute, 1000, 1000, 1000
	})
	return a, proxy
}

// faults are the ways in which Redis fails, and flapping is to do one of them again and again.
var faults = map[string]func(p *faultproxy.Proxy){
	"down":      func(p *faultproxy.Proxy) { p.Fail(faultproxy.Refused) },
	"reset":     func(p *faultproxy.Proxy) { p.Fail(faultproxy.Reset) },
	"half open": func(p *faultproxy.Proxy) { p.Fail(faultproxy.HalfOpen) },
	"slow":      func(p *faultproxy.Proxy) { p.Delay(30 * time.Millisecond) }, // there, and as long back
	"very slow": func(p *faultproxy.Proxy) { p.Delay(time.Second) },
}

// load sends so many requests of one person, for so long at least, and returns how long the slowest in a hundred took at least.
// It ends early when more than one in a hundred of them took longer than slow.
func load(t *testing.T, a *apitest.App, person *apitest.Actor, requests int, during, slow time.Duration) time.Duration {
	t.Helper()
	client := &http.Client{Timeout: time.Minute} // unchecked: the check would take most of the time
	var mu sync.Mutex
	var took []time.Duration
	slowOnes, end := 0, time.Now().Add(during)
	more := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return (len(took) < requests || time.Now().Before(end)) && slowOnes <= requests/100
	}
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for more() {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+mePath, nil)
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Authorization", "Bearer "+person.AccessToken)
				start := time.Now()
				response, err := client.Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				response.Body.Close()
				if response.StatusCode != http.StatusOK {
					t.Errorf("status %d, want 200", response.StatusCode)
					return
				}
				mu.Lock()
				took = append(took, time.Since(start))
				if took[len(took)-1] > slow {
					slowOnes++
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	slices.Sort(took)
	return took[len(took)*99/100]
}

// TestRequestsGoOnWithoutRedis measures the promise: the slowest in a hundred takes less than 50 ms longer. The baseline is
// measured right before, and again if the machine had other things to do.
func TestRequestsGoOnWithoutRedis(t *testing.T) { //nolint:paralleltest // it measures time
	const (
		promise  = 50 * time.Millisecond
		requests = 2000 // of which 20 may be slower
		during   = 3 * time.Second
		tries    = 5
	)
	flapping := map[string]func(p *faultproxy.Proxy){}
	for _, name := range []string{"down", "half open"} {
		flapping["flapping, "+name] = faults[name]
	}
	measure := func(t *testing.T, begin func(p *faultproxy.Proxy), flap bool) {
		t.Helper()
		var added time.Duration
		for range tries {
			a, proxy := behindFaults(t, 1_000_000)
			person := a.Actor(t, access.Viewer)
			before := load(t, a, person, requests/4, 0, time.Hour)
			done := make(chan struct{})
			var flapper sync.WaitGroup
			begin(proxy)
			if flap {
				flapper.Go(func() {
					for isDown := false; ; isDown = !isDown {
						select {
						case <-done:
							return
						case <-time.After(200 * time.Millisecond):
						}
						if isDown {
							begin(proxy)
						} else {
							proxy.Fail(faultproxy.None)
						}
					}
				})
			}
			after := load(t, a, person, requests, during, before+promise)
			close(done)
			flapper.Wait()
			if !strings.Contains(a.Log.String(), "Redis is away") {
				t.Fatal("Redis was there all the time")
			}
			t.Logf("%s before, %s after", before, after)
			if added = after - before; added < promise {
				return
			}
		}
		t.Errorf("the slowest in a hundred takes %s longer, want less than %s", added, promise)
	}
	for name, begin := range faults {
		t.Run(name, func(t *testing.T) { measure(t, begin, false) })
	}
	for name, begin := range flapping {
		t.Run(name, func(t *testing.T) { measure(t, begin, true) })
	}
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
