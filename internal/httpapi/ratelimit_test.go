package httpapi_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/faultproxy"
	"github.com/tenantry/tenantry/internal/redis/redistest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// limits configures limits that a test can reach.
func limits(perMinute, logins, refreshes int) func(*config.Config) {
	return func(c *config.Config) {
		c.RateLimitEnabled = true
		c.RateLimitPerMinute, c.RateLimitLoginPerMinute, c.RateLimitRefreshPerMinute, c.RateLimitPasswordPerMinute = perMinute, logins, refreshes, perMinute
	}
}

// newLimited starts an application with limits. Its clock stands still, so that no window ends.
func newLimited(t *testing.T, change ...func(*config.Config)) *apitest.App {
	t.Helper()
	a := apitest.New(t, store.SQLite, change...)
	a.Clock.Hold(time.Now())
	return a
}

// withRedis configures a Redis that other tests use, too. A different secret separates their
// counts.
func withRedis(url string) func(*config.Config) {
	return func(c *config.Config) {
		c.RedisURL, c.SecretKey = config.NewSecret(url), config.NewSecret("only-for-tests-"+uuid.NewString())
	}
}

// behindProxy makes this machine a trusted proxy, so that a test can choose the client's address.
func behindProxy(c *config.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
}

func from(address string) apitest.Option { return apitest.Header("X-Forwarded-For", address) }

func TestEveryOperationIsLimited(t *testing.T) {
	t.Parallel()
	a := newLimited(t, limits(3, 2, 2))
	caller := a.Superuser(t)
	a.Do(t, http.MethodPost, loginPath, loginBody("nobody@example.com", "wrong")).Want(t, 401)
	for range 3 {
		caller.Do(t, http.MethodGet, mePath, "").Want(t, 200)
		a.Do(t, http.MethodGet, "/", "").Want(t, 200)
		caller.Do(t, http.MethodPost, passwordPath, "{}").Want(t, 422)
		a.Do(t, http.MethodPost, passwordPath, "{}").Want(t, 401)
	}
	for range 2 {
		a.Do(t, http.MethodPost, "/api/v1/auth/refresh", `{"refresh_token":"x"}`).Want(t, 401)
	}
	company := a.Company(t, access.PlatformTenantID)
	for _, op := range apitest.Operations(t) {
		method, path, body := attempt(op, company.ID)
		if op.RateClass == access.RateNone {
			for range 5 {
				if reply := a.Do(t, method, path, body); reply.Status == http.StatusTooManyRequests {
					t.Errorf("%s is limited, but documented as unlimited", op.ID)
				}
			}
			continue
		}
		reply := caller.Do(t, method, path, body)
		reply.WantCode(t, 429, "rate_limited")
		after, err := strconv.Atoi(reply.Header.Get("Retry-After"))
		if err != nil || after < 1 || after > 60 || !strings.Contains(reply.Header.Get("RateLimit"), fmt.Sprintf(`;r=0;t=%d`, after)) {
			t.Errorf("%s: Retry-After %d (%v), and RateLimit %s", op.ID, after, err, reply.Header.Get("RateLimit"))
		}
		want := map[access.RateClass]string{
			access.RateDefault: `"default";q=3;w=60`, access.RateLogin: `"login";q=2;w=60`, access.RateRefresh: `"refresh";q=2;w=60`,
			access.RatePassword: `"password";q=3;w=60`,
		}
		if got := reply.Header.Get("RateLimit-Policy"); got != want[op.RateClass] {
			t.Errorf("%s: RateLimit-Policy %s, want %s", op.ID, got, want[op.RateClass])
		}
		if op.RequiredRole != access.Anon {
			a.Do(t, method, path, body).WantCode(t, 429, "rate_limited")
		}
	}
	a.Clock.Advance(time.Minute)
	caller.Do(t, http.MethodGet, mePath, "").Want(t, 200)
	a.Do(t, http.MethodGet, "/", "").Want(t, 200)
	if !strings.Contains(a.Log.String(), `"code":"rate_limited"`) {
		t.Error("no line of the log has the code rate_limited")
	}
}

func TestDefaultLimitsAreAsDocumented(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if !cfg.RateLimitEnabled || cfg.RateLimitPerMinute != 600 || cfg.RateLimitLoginPerMinute != 20 || cfg.RateLimitRefreshPerMinute != 30 || cfg.TrustedProxies != nil {
		t.Errorf("%+v, want 600, 20 and 30 a minute in development, and no trusted proxies", cfg)
	}
}

// People behind one address are counted separately, and a program with an invalid token doesn't
// block them.
func TestPeopleBehindOneAddressAreCountedApart(t *testing.T) {
	t.Parallel()
	const office = "203.0.113.9"
	a := newLimited(t, limits(5, 1000, 1000), behindProxy)
	tenant := a.Tenant(t)
	for range 30 {
		person := a.ActorIn(t, tenant.ID, access.Viewer)
		for range 5 {
			person.Do(t, http.MethodGet, companiesPath, "", from(office)).Want(t, 200)
		}
		person.Do(t, http.MethodGet, companiesPath, "", from(office)).WantCode(t, 429, "rate_limited")
		person.Do(t, http.MethodGet, companiesPath, "", from("198.51.100.7")).WantCode(t, 429, "rate_limited") // the limit is per person
	}
	for range 5 {
		a.Do(t, http.MethodGet, companiesPath, "", from(office), apitest.Header("Authorization", "Bearer nonsense")).Want(t, 401)
	}
	a.Do(t, http.MethodGet, companiesPath, "", from(office), apitest.Header("Authorization", "Bearer nonsense")).WantCode(t, 429, "rate_limited")
	a.ActorIn(t, tenant.ID, access.Viewer).Do(t, http.MethodGet, companiesPath, "", from(office)).Want(t, 200)
}

// Each refusal writes an audit entry, so refused requests count, too.
func TestRefusedRequestsCount(t *testing.T) {
	t.Parallel()
	a := newLimited(t, limits(5, 10, 10))
	viewer := a.Actor(t, access.Viewer)
	for range 5 {
		viewer.Do(t, http.MethodPost, companiesPath, `{"code":"A","name":"A"}`).WantCode(t, 403, "forbidden")
	}
	viewer.Do(t, http.MethodPost, companiesPath, `{"code":"A","name":"A"}`).WantCode(t, 429, "rate_limited")
	if n := len(a.AuditEntries(t, viewer.User.TenantID, "company.create")); n != 5 {
		t.Errorf("%d audit entries of refusals, want 5", n)
	}
}

func TestAddressesAreCountedApart(t *testing.T) {
	t.Parallel()
	login := func(t *testing.T, a *apitest.App, address string) int {
		t.Helper()
		return a.Do(t, http.MethodPost, loginPath, loginBody("nobody@example.com", "wrong"), from(address)).Status
	}
	t.Run("with a trusted proxy", func(t *testing.T) {
		t.Parallel()
		a := newLimited(t, limits(100, 2, 100), behindProxy)
		for _, address := range []string{"203.0.113.9", "203.0.113.10", "2001:db8:1:1::1", "2001:db8:1:2::1"} {
			for range 2 {
				if status := login(t, a, address); status != 401 {
					t.Errorf("%s: status %d, want 401", address, status)
				}
			}
			if status := login(t, a, address); status != 429 {
				t.Errorf("%s: status %d, want 429", address, status)
			}
		}
		// A subscriber has a whole /64 network.
		if status := login(t, a, "2001:db8:1:1:ffff:ffff:ffff:ffff"); status != 429 {
			t.Errorf("another address of the same /64: status %d, want 429", status)
		}
		// The client's own claim is to the left of the proxy's entry.
		if status := login(t, a, "8.8.8.8, 203.0.113.9"); status != 429 {
			t.Errorf("a forged address: status %d, want 429", status)
		}
	})
	t.Run("the header is ignored without a trusted proxy", func(t *testing.T) {
		t.Parallel()
		a := newLimited(t, limits(100, 2, 100))
		for n := range 3 {
			if status, want := login(t, a, fmt.Sprintf("203.0.113.%d", n)), []int{401, 401, 429}[n]; status != want {
				t.Errorf("request %d: status %d, want %d", n, status, want)
			}
		}
	})
}

// TestClientAddressIsTheSameEverywhere compares the session, the audit trail, the log and the delay
// of log-ins.
func TestClientAddressIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	const client = "203.0.113.77"
	for _, test := range []struct {
		name   string
		change []func(*config.Config)
		want   string
	}{
		{"behind a proxy", []func(*config.Config){behindProxy}, client},
		{"of the connection", nil, "127.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := apitest.New(t, store.SQLite, test.change...)
			user := a.User(t, a.Tenant(t).ID, access.Admin)
			forged := from("10.0.0.1, " + client)
			result := apitest.Decode[api.LoginResult](t, a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, apitest.Password), forged).Want(t, 200))
			me := apitest.Decode[api.Me](t, a.Do(t, http.MethodGet, mePath, "", apitest.Header("Authorization", "Bearer "+result.AccessToken)).Want(t, 200))
			if me.Session.IP != test.want {
				t.Errorf("session: %s, want %s", me.Session.IP, test.want)
			}
			trail := a.Do(t, http.MethodGet, auditPath+"?action=auth.login&ip="+test.want, "", apitest.Header("Authorization", "Bearer "+result.AccessToken))
			if found := apitest.Decode[api.AuditEntryPage](t, trail.Want(t, 200)); len(found.Items) != 1 {
				t.Errorf("the audit trail has %d log-ins from %s, want 1", len(found.Items), test.want)
			}
			if !strings.Contains(a.Log.String(), `"ip":"`+test.want+`"`) {
				t.Errorf("the log lacks the address %s", test.want)
			}
			// An account allows five wrong passwords from an address. The sixth blocks only this
			// address.
			for range 6 {
				a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, "wrong"), forged)
			}
			a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, apitest.Password), forged).WantCode(t, 429, "too_many_attempts")
			elsewhere := a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, apitest.Password), from(client+", 203.0.113.78"))
			if isElsewhere := elsewhere.Status == 200; isElsewhere != (test.want == client) {
				t.Errorf("from another address: status %d", elsewhere.Status)
			}
		})
	}
}

// storm sends 1,000 simultaneous requests of one person, in turn to each instance, and returns how
// many pass. A busy machine refuses some with 503. Those with rate limit headers have passed the
// limit; the others weren't counted.
func storm(t *testing.T, person *apitest.Actor, instances ...*apitest.App) int {
	t.Helper()
	var mu sync.Mutex
	statuses, passed := map[int]int{}, 0
	var wait sync.WaitGroup
	start := make(chan struct{})
	for n := range 1000 {
		wait.Go(func() {
			<-start
			reply := instances[n%len(instances)].Do(t, http.MethodGet, "/api/v1/auth/sessions", "", apitest.Header("Authorization", "Bearer "+person.AccessToken))
			mu.Lock()
			defer mu.Unlock()
			statuses[reply.Status]++
			if reply.Status != http.StatusTooManyRequests && reply.Header.Get("RateLimit") != "" {
				passed++
			}
		})
	}
	close(start)
	wait.Wait()
	if statuses[200]+statuses[429]+statuses[503] != 1000 {
		t.Errorf("statuses %v, want only 200, 429 and, on a busy machine, 503", statuses)
	}
	return passed
}

func TestExactlyTheLimitPasses(t *testing.T) {
	t.Parallel()
	const limit = 50
	t.Run("one instance", func(t *testing.T) {
		t.Parallel()
		a := newLimited(t, limits(limit, 10, 10))
		if passed := storm(t, a.Actor(t, access.Viewer), a); passed != limit {
			t.Errorf("%d of 1000 pass, want %d", passed, limit)
		}
	})
	t.Run("two instances with one Redis", func(t *testing.T) {
		t.Parallel()
		one := newLimited(t, limits(limit, 10, 10), withRedis(storetest.RedisURL(t)))
		two := apitest.Start(t, one.Engine, one.Config)
		two.Clock.Hold(one.Clock.Now())
		if passed := storm(t, one.Actor(t, access.Viewer), one, two); passed != limit {
			t.Errorf("%d of 1000 pass, want %d", passed, limit)
		}
	})
}

func TestHealthShowsTheRateLimiter(t *testing.T) {
	t.Parallel()
	limiting := func(t *testing.T, a *apitest.App) (api.HealthStatus, api.ComponentStatus) {
		t.Helper()
		a.Clock.Advance(time.Second) // until then the cached state is reported
		state := apitest.Decode[api.Health](t, a.Do(t, http.MethodGet, "/api/health", "").Want(t, 200))
		return state.Status, state.Components.RateLimiting.Status
	}
	t.Run("disabled", func(t *testing.T) {
		t.Parallel()
		if whole, part := limiting(t, apitest.New(t, store.SQLite)); whole != "ok" || part != "disabled" {
			t.Errorf("%s, %s", whole, part)
		}
	})
	t.Run("ok without Redis", func(t *testing.T) {
		t.Parallel()
		if whole, part := limiting(t, newLimited(t, limits(10, 10, 10))); whole != "ok" || part != "ok" {
			t.Errorf("%s, %s", whole, part)
		}
	})
	t.Run("degraded while Redis is down", func(t *testing.T) {
		t.Parallel()
		proxy, through := faultproxy.For(t, storetest.RedisURL(t))
		a := newLimited(t, limits(10, 10, 10), withRedis(through))
		person := a.Actor(t, access.Viewer)
		if whole, part := limiting(t, a); whole != "ok" || part != "ok" {
			t.Errorf("before: %s, %s", whole, part)
		}
		proxy.Fail(faultproxy.Refused)
		person.Do(t, http.MethodGet, mePath, "").Want(t, 200)
		redistest.Until(t, "each instance limits by itself", func() bool {
			whole, part := limiting(t, a)
			return whole == "degraded" && part == "degraded"
		})
		proxy.Fail(faultproxy.None)
		redistest.Until(t, "all is well again", func() bool {
			whole, part := limiting(t, a)
			return whole == "ok" && part == "ok"
		})
	})
}
