package middleware

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/ratelimit"
)

// tally is a limiter that records the subjects.
type tally struct {
	limit   int64
	counted []string
}

func (l *tally) Take(_ context.Context, class access.RateClass, subject string, times int64) ratelimit.Verdict {
	counted := string(class) + " " + subject
	if times != 1 {
		counted += fmt.Sprint(" times ", times)
	}
	l.counted = append(l.counted, counted)
	n := int64(len(l.counted))
	return ratelimit.Verdict{
		Allowed: n <= l.limit, Class: class, Limit: l.limit, Remaining: max(l.limit-n, 0), Reset: 42 * time.Second, ResetAt: time.Unix(1_795_426_242, 0),
	}
}

// limited is the stack with a limiter.
func limited(t *testing.T, limit int64, handler echo.HandlerFunc) (server, *tally) {
	t.Helper()
	l := &tally{limit: limit}
	return serve(t, handler, func(s *Stack) { s.Limiter = l }), l
}

func TestCountedSubjects(t *testing.T) {
	t.Parallel()
	const address = "default address 192.0.2.1"
	person := fmt.Sprintf("default user %s %s", home, home)
	for _, test := range []struct {
		name, method, target, token string
		want                        []string
	}{
		{"who asks for what is open to all", http.MethodGet, "/open", "", []string{address}},
		{"the same, with a token, which nobody looks at", http.MethodGet, "/open", "Bearer admin", []string{address}},
		{"a person", http.MethodPut, "/things/1", "Bearer admin", []string{person}},
		{"a superuser in another tenant is the same person", http.MethodPut, "/things/1?tenant_id=" + other.String(), "Bearer superuser", []string{person}},
		{"who lacks the role", http.MethodPut, "/things/1", "Bearer viewer", []string{person}},
		{"who names another tenant", http.MethodPut, "/things/1?tenant_id=" + other.String(), "Bearer admin", []string{person}},
		{"who has no token", http.MethodPut, "/things/1", "", []string{address}},
		{"who has a bad one", http.MethodPut, "/things/1", "Bearer nonsense", []string{address}},
		{"whose path leads nowhere", http.MethodGet, "/nope", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, l := limited(t, 100, ok)
			if test.token == "" {
				s.do(t.Context(), test.method, test.target, `{"name":"x"}`, "Content-Type: application/json")
			} else {
				s.do(t.Context(), test.method, test.target, `{"name":"x"}`, "Content-Type: application/json", "Authorization: "+test.token)
			}
			if !slices.Equal(l.counted, test.want) {
				t.Errorf("%q, want %q", l.counted, test.want)
			}
		})
	}
}

func TestIPv6AddressCountsForThreeNetworks(t *testing.T) {
	t.Parallel()
	op := access.Operation{RateClass: access.RateLogin, RequiredRole: access.Anon}
	for limit, want := range map[int64][]string{
		100: {"login address 2001:db8:1:203::/64", "login address 2001:db8:1:200::/56 times 4", "login address 2001:db8:1::/48 times 16"},
		1:   {"login address 2001:db8:1:203::/64", "login address 2001:db8:1:200::/56 times 4"}, // the second exceeds the limit
	} {
		l := &tally{limit: limit}
		recorder := httptest.NewRecorder()
		ctx := access.WithRequest(t.Context(), &access.Request{IP: "2001:db8:1:203::4"})
		c := echo.New().NewContext(httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil), recorder)
		err := Stack{Limiter: l, Metrics: NewMetrics()}.takeFromAddress(c, op)
		if !slices.Equal(l.counted, want) || (err == nil) != (limit == 100) {
			t.Errorf("%q were counted, error %v; want %q", l.counted, err, want)
		}
		// The tally counts all subjects together, so the last one has the least left.
		if got, want := recorder.Header().Get("X-RateLimit-Remaining"), fmt.Sprint(max(limit-int64(len(want)), 0)); got != want {
			t.Errorf("X-RateLimit-Remaining is %s, want %s", got, want)
		}
	}
}

func TestRequestTooMany(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, method, target string
		headers              []string
		status               int
		handled              bool
	}{
		{"of a stranger, before anything is done", http.MethodGet, "/open", nil, 429, false},
		{"of a person, before anything is written down", http.MethodPut, "/things/1", []string{"Authorization: Bearer viewer"}, 429, false},
		{"with a bad token", http.MethodPut, "/things/1", []string{"Authorization: Bearer nonsense"}, 429, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			handled := false
			s, _ := limited(t, 0, func(c echo.Context) error {
				handled = true
				return ok(c)
			})
			w := s.do(t.Context(), test.method, test.target, "", test.headers...)
			if w.Code != test.status || handled != test.handled || s.people.denied > 0 {
				t.Fatalf("status %d, handled: %t, %d audit entries", w.Code, handled, s.people.denied)
			}
			if p := readProblem(t, w); errs.Code(p.Code) != errs.RateLimited {
				t.Errorf("code %s", p.Code)
			}
			wantLimitHeaders(t, w, "0", "0")
			if got := w.Header().Get("Retry-After"); got != "42" {
				t.Errorf("Retry-After %q, want 42", got)
			}
		})
	}
}

func wantLimitHeaders(t *testing.T, w *httptest.ResponseRecorder, limit, left string) {
	t.Helper()
	for name, want := range map[string]string{
		"RateLimit-Policy": `"default";q=` + limit + `;w=60`, "RateLimit": `"default";r=` + left + `;t=42`,
		"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": left, "X-RateLimit-Reset": "1795426242",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestEveryLimitedReplyHasTheRemainingRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		target, token string
		err           error
		status        int
	}{
		{"/open", "", nil, 200},
		{"/open", "", errors.New("why"), 500},
		{"/open?nonsense=1", "", nil, 422},
		{"/things/1", "nonsense", nil, 401},
		{"/things/1", "viewer", nil, 403},
		{"/things/1", "admin", nil, 422},
	} {
		s, _ := limited(t, 2, func(c echo.Context) error {
			if test.err != nil {
				return test.err
			}
			return ok(c)
		})
		method := http.MethodGet
		if test.token != "" {
			method = http.MethodPut
		}
		w := s.do(t.Context(), method, test.target, "{}", "Authorization: Bearer "+test.token, "Content-Type: application/json")
		if w.Code != test.status {
			t.Errorf("%s: status %d, want %d", test.target, w.Code, test.status)
		}
		wantLimitHeaders(t, w, "2", "1")
		if w.Header().Get("Retry-After") != "" {
			t.Errorf("%s: Retry-After with status %d", test.target, w.Code)
		}
	}
}

// If the database is down, the request isn't counted.
func TestServerErrorIsNotCounted(t *testing.T) {
	t.Parallel()
	s, l := limited(t, 2, ok)
	s.people.err = errs.New(errs.Unavailable, "Down.")
	if w := s.do(t.Context(), http.MethodPut, "/things/1", "{}", "Authorization: Bearer admin"); w.Code != 503 || len(l.counted) > 0 {
		t.Errorf("status %d, counted %q", w.Code, l.counted)
	}
}

func TestNoLimiterNoHeaders(t *testing.T) {
	t.Parallel()
	w := serve(t, ok).do(t.Context(), http.MethodGet, "/open", "")
	for name := range w.Header() {
		if len(name) > 4 && (name[:4] == "Rate" || name[:6] == "X-Rate") {
			t.Errorf("header %s without a limiter", name)
		}
	}
}
