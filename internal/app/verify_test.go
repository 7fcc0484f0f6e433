package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

// verification runs the command against an application as its superuser.
type verification struct {
	*apitest.App

	t     *testing.T
	super db.User
}

func newVerification(t *testing.T, change ...func(*config.Config)) verification {
	t.Helper()
	a := apitest.New(t, store.SQLite, change...)
	return verification{App: a, t: t, super: a.User(t, access.PlatformTenantID, access.Admin, func(u *db.User) { u.IsSuperuser = true })}
}

// run runs the command to its end and fails the test if the output contains a secret.
func (v verification) run(ctx context.Context, stdout io.Writer, address string, args ...string) (status int, text, stderr string) {
	v.t.Helper()
	var out, errs bytes.Buffer
	env := []string{"TENANTRY_SUPERUSER_EMAIL=" + v.super.Email, "TENANTRY_SUPERUSER_PASSWORD=" + apitest.Password}
	status = app.Run(ctx, append([]string{"verify", "isolation", "--url", address}, args...), env, io.MultiWriter(&out, stdout), &errs)
	for _, secret := range []*regexp.Regexp{regexp.MustCompile(regexp.QuoteMeta(apitest.Password)), regexp.MustCompile(`eyJ[A-Za-z0-9_-]{20}`)} {
		if secret.MatchString(out.String() + errs.String()) {
			v.t.Errorf("the output contains a secret:\n%s%s", out.String(), errs.String())
		}
	}
	return status, out.String(), errs.String()
}

// wantNothingLeft fails the test unless the command has deleted everything that it created.
func (v verification) wantNothingLeft() {
	v.t.Helper()
	for what, query := range map[string]string{
		"tenants":           "SELECT count(*) FROM tenants WHERE code <> 'PLATFORM'",
		"users":             "SELECT count(*) FROM users WHERE id <> '" + v.super.ID.String() + "'",
		"sessions":          "SELECT count(*) FROM sessions WHERE ended_at IS NULL",
		"companies":         "SELECT count(*) FROM companies",
		"counts of guesses": "SELECT count(*) FROM login_attempts",
	} {
		var n int
		if err := v.Database(v.t).QueryRowContext(context.Background(), query).Scan(&n); err != nil {
			v.t.Fatal(err)
		}
		if n != 0 {
			v.t.Errorf("%d %s are left", n, what)
		}
	}
}

func TestVerifyIsolationPasses(t *testing.T) {
	t.Parallel()
	v := newVerification(t)
	status, stdout, stderr := v.run(t.Context(), io.Discard, v.URL, "--json")
	var report struct {
		Complete             bool
		Requests, Violations int
		Operations           []struct{ Operation string }
		Skipped, Left        []string
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatalf("%v: %s%s", err, stdout, stderr)
	}
	if status != 0 || stderr != "" || !report.Complete || report.Violations != 0 || len(report.Left) > 0 || report.Requests < 1000 {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}
	if len(report.Operations) < 30 || len(report.Skipped) != 3 || !strings.Contains(report.Skipped[0], "expired") {
		t.Errorf("%d operations, skipped %q", len(report.Operations), report.Skipped)
	}
	v.wantNothingLeft()
}

func TestVerifyIsolationAsText(t *testing.T) {
	t.Parallel()
	v := newVerification(t)
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(apitest.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := v.run(t.Context(), io.Discard, v.URL+"/", "--password-file", file, "--operation", "getMe,listCompanies")
	for _, want := range []string{"ok      getMe", "ok      listCompanies", "GET    /api/v1/org/companies", "to 2 operations: every promise was kept.", "Not tried:"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	if status != 0 || stderr != "" || t.Failed() {
		t.Errorf("status %d:\n%s%s", status, stdout, stderr)
	}
	v.wantNothingLeft()
}

// faulty is a server in front of the application that breaks a promise.
type faulty struct {
	next http.Handler

	mu        sync.Mutex
	companies map[string]string // the path of the last company created with each access token
	leak      string            // the newest company, as JSON
}

func (l *faulty) note(r *http.Request, w *httptest.ResponseRecorder) {
	if r.Method != http.MethodPost || r.URL.Path != "/api/v1/org/companies" || w.Code != http.StatusCreated {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.companies[r.Header.Get("Authorization")] = w.Header().Get("Location")
	l.leak = strings.ReplaceAll(w.Body.String(), "\n", "")
}

// pass forwards the request to the application.
func (l *faulty) pass(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.Header.Del("Expect") // the recorder would treat 100 Continue as the reply
	l.next.ServeHTTP(w, r)
	l.note(r, w)
	return w
}

func (l *faulty) locked(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

func write(w http.ResponseWriter, from *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), from.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(from.Code)
	_, _ = w.Write(from.Body.Bytes())
}

func TestVerifyIsolationReportsViolations(t *testing.T) {
	t.Parallel()
	company := regexp.MustCompile(`^/api/v1/org/companies/[0-9a-f-]{36}$`)
	existing := regexp.MustCompile(`-7[0-9a-f]{3}-[89ab]`) // existing ids have version 7, random ones version 4
	for name, test := range map[string]struct {
		operation string
		serve     func(l *faulty, w http.ResponseWriter, r *http.Request)
		want      []string // in the report
	}{
		"another tenant's resource is shown": {"getCompany", func(l *faulty, w http.ResponseWriter, r *http.Request) {
			reply := l.pass(r)
			if company.MatchString(r.URL.Path) && reply.Code == http.StatusNotFound && r.Header.Get("If-None-Match") == "" {
				l.locked(func() { reply.Code, reply.Body = http.StatusOK, bytes.NewBufferString(l.leak) })
			}
			write(w, reply)
		}, []string{"admin, another tenant's id: want 404 not_found; got 200", `curl -i -X GET "$URL"'/api/v1/org/companies/`, `Bearer $ADMIN_TOKEN`}},
		"a list has another tenant's text": {"listCompanies", func(l *faulty, w http.ResponseWriter, r *http.Request) {
			reply := l.pass(r)
			if r.Method == http.MethodGet && r.URL.Path == "/api/v1/org/companies" {
				l.locked(func() { reply.Header().Set("X-Newest", l.leak) })
			}
			write(w, reply)
		}, []string{`the reply has text of the tenant "other"`}},
		"a token isn't needed": {"listBranches", func(l *faulty, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/v1/org/branches" && r.Header.Get("Authorization") == "" {
				l.locked(func() {
					for token := range l.companies {
						r.Header.Set("Authorization", token)
					}
				})
			}
			write(w, l.pass(r))
		}, []string{"no token, no id: want 401 unauthenticated; got 200"}},
		"a missing and another tenant's resource differ": {"deleteDepartment", func(l *faulty, w http.ResponseWriter, r *http.Request) {
			reply := l.pass(r)
			if reply.Code == http.StatusNotFound && existing.MatchString(r.URL.Path) {
				reply.Header().Set("X-Shard", "3")
			}
			write(w, reply)
		}, []string{"the reply differs from that for something missing: header X-Shard"}},
		"another tenant's row changes, too": {"updateCompany", func(l *faulty, w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut && company.MatchString(r.URL.Path) {
				l.locked(func() {
					for token, path := range l.companies {
						if token != r.Header.Get("Authorization") {
							other := httptest.NewRequest(http.MethodPut, path, strings.NewReader(`{"name":"Changed `+r.Header.Get("X-Request-Id")+`"}`))
							other.Header.Set("Authorization", token)
							other.Header.Set("Content-Type", "application/json")
							l.next.ServeHTTP(httptest.NewRecorder(), other)
						}
					}
				})
			}
			write(w, l.pass(r))
		}, []string{"it changes rows of another tenant: listCompanies"}},
		"the trail lacks an entry": {"updateDepartment", func(l *faulty, w http.ResponseWriter, r *http.Request) {
			reply := l.pass(r)
			if r.Method == http.MethodGet && r.URL.Path == "/api/v1/audit/logs" {
				reply.Body = bytes.NewBuffer(bytes.ReplaceAll(reply.Body.Bytes(), []byte(`"department.update"`), []byte(`"nothing"`)))
			}
			write(w, reply)
		}, []string{`the trail of the tenant "own" lacks its entry: department.update, success`}},
		"a filter reveals that something exists": {"listDepartments", func(l *faulty, w http.ResponseWriter, r *http.Request) {
			reply := l.pass(r)
			if r.URL.Query().Has("parent_id") && existing.MatchString(r.URL.RawQuery) {
				reply.Header().Set("X-Found", "1")
			}
			write(w, reply)
		}, []string{"admin, parent_id, of another tenant: want 200 or 404; the reply differs from that for something missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVerification(t)
			address, err := url.Parse(v.URL)
			if err != nil {
				t.Fatal(err)
			}
			l := &faulty{next: httputil.NewSingleHostReverseProxy(address), companies: map[string]string{}}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { test.serve(l, w, r) }))
			defer server.Close()
			status, stdout, stderr := v.run(t.Context(), io.Discard, server.URL, "--operation", test.operation)
			if status != 1 || !strings.Contains(stdout, "BROKEN  "+test.operation) || !strings.Contains(stderr, "broken") {
				t.Errorf("status %d", status)
			}
			for _, want := range test.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("the output lacks %q", want)
				}
			}
			if t.Failed() {
				t.Logf("\n%s%s", stdout, stderr)
			}
			v.wantNothingLeft()
		})
	}
}

// A busy server gets the request again after its Retry-After.
func TestVerifyIsolationWaitsForABusyServer(t *testing.T) {
	t.Parallel()
	v := newVerification(t)
	address, err := url.Parse(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(address)
	var mu sync.Mutex
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		busy := n%3 == 0 && r.URL.Path != "/api/openapi.json"
		mu.Unlock()
		if busy {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader([]int{http.StatusTooManyRequests, http.StatusServiceUnavailable}[n%2])
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	if status, stdout, stderr := v.run(t.Context(), io.Discard, server.URL, "--operation", "getBranch"); status != 0 {
		t.Errorf("status %d:\n%s%s", status, stdout, stderr)
	}
	v.wantNothingLeft()
}

// The manual advises to block /metrics in the proxy. Such a refusal isn't the installation's reply.
func TestVerifyIsolationKnowsThatProxiesRefuseMetrics(t *testing.T) {
	t.Parallel()
	v := newVerification(t)
	address, err := url.Parse(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(address)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" || r.URL.Path == "/.well-known/jwks.json" {
			http.Error(w, "403 Forbidden", http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	status, stdout, stderr := v.run(t.Context(), io.Discard, server.URL, "--operation", "getMetrics")
	if status != 0 || !strings.Contains(stdout, "getMetrics: a reverse proxy answers with status 403") {
		t.Errorf("status %d:\n%s%s", status, stdout, stderr)
	}
	if status, stdout, stderr = v.run(t.Context(), io.Discard, server.URL, "--operation", "getKeySet"); status != 1 {
		t.Errorf("status %d for an operation that a proxy must not refuse:\n%s%s", status, stdout, stderr)
	}
	v.wantNothingLeft()
}

// The remaining requests of a limit differ between replies, which reveals nothing about another
// tenant.
func TestVerifyIsolationWithRateLimits(t *testing.T) {
	t.Parallel()
	v := newVerification(t, func(c *config.Config) {
		c.RateLimitEnabled, c.RateLimitPerMinute, c.RateLimitLoginPerMinute, c.RateLimitRefreshPerMinute, c.RateLimitPasswordPerMinute = true, 100_000, 100_000, 100_000, 100_000
	})
	if status, stdout, stderr := v.run(t.Context(), io.Discard, v.URL, "--operation", "getBranch,listBranches"); status != 0 {
		t.Errorf("status %d:\n%s%s", status, stdout, stderr)
	}
	v.wantNothingLeft()
}

// cancelling calls cancel when a text is written.
type cancelling struct {
	cancel context.CancelFunc
	text   string
}

func (c cancelling) Write(p []byte) (int, error) {
	if strings.Contains(string(p), c.text) {
		c.cancel()
	}
	return len(p), nil
}

func TestVerifyIsolationCleansUpWhenInterrupted(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"Attacking", "ok "} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			v := newVerification(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			status, stdout, stderr := v.run(ctx, cancelling{cancel, moment}, v.URL)
			if status != 2 || !strings.Contains(stderr, "context canceled") || strings.Contains(stdout, "every promise was kept") {
				t.Errorf("status %d:\n%s%s", status, stdout, stderr)
			}
			v.wantNothingLeft()
		})
	}
}

func TestVerifyIsolationReportsWhyItFailed(t *testing.T) {
	t.Parallel()
	v := newVerification(t)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	defer other.Close()
	viewer := v.ActorIn(t, access.PlatformTenantID, access.Admin)
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("not the password"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no server":         {[]string{"--url", "http://127.0.0.1:1"}, "nobody answers"},
		"no address":        {[]string{"--url", "api.example.com"}, "--url must be an address like"},
		"a token in it":     {[]string{"--url", "https://root:secret@api.example.com"}, "--url must be an address like"},
		"another document":  {[]string{"--url", other.URL}, "different versions"},
		"no such file":      {[]string{"--password-file", wrong + "er"}, "--password-file"},
		"no such operation": {[]string{"--operation", "getNothing"}, "no such operation"},
		"wrong password":    {[]string{"--password-file", wrong}, "401 invalid_credentials"},
		"no superuser":      {[]string{"--email", viewer.User.Email}, "403 forbidden"},
		"no argument":       {[]string{"now"}, "unknown command"},
	} {
		status, stdout, stderr := v.run(t.Context(), io.Discard, v.URL, test.args...)
		if status != 2 || !strings.Contains(stderr, test.want) || slices.Contains(strings.Fields(stdout), "ok") {
			t.Errorf("%s: status %d, want 2 and %q:\n%s%s", name, status, test.want, stdout, stderr)
		}
	}
}
