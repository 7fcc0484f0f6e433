package faults_test

import (
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/faultproxy"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	companiesPath = "/api/v1/org/companies"
	// late is a delay of the network that exceeds all time-outs.
	late = 5 * time.Second
)

var networkFaults = map[string]func(*faultproxy.Proxy){
	"refused":   func(p *faultproxy.Proxy) { p.Fail(faultproxy.Refused) },
	"reset":     func(p *faultproxy.Proxy) { p.Fail(faultproxy.Reset) },
	"half open": func(p *faultproxy.Proxy) { p.Fail(faultproxy.HalfOpen) },
	"late":      func(p *faultproxy.Proxy) { p.Delay(late) },
}

// eachServer runs f on each engine with a network. The application reaches its database through a
// proxy.
func eachServer(t *testing.T, f func(t *testing.T, a *apitest.App, p *faultproxy.Proxy)) {
	t.Helper()
	for _, engine := range []store.Engine{store.Postgres, store.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			var p *faultproxy.Proxy
			a := apitest.New(t, engine, func(cfg *config.Config) {
				var proxied string
				p, proxied = faultproxy.For(t, cfg.DatabaseURL.Reveal())
				cfg.DatabaseURL = config.NewSecret(proxied)
			})
			f(t, a, p)
		})
	}
}

// The promised 2 seconds are tested with a fake clock in watchdog_test.go of package store, and
// measured by BenchmarkDatabaseThatIsDown. The subtests don't run in parallel, because they count
// the goroutines of the process.
func TestRequestsGet503WhileTheDatabaseIsDown(t *testing.T) {
	eachServer(t, func(t *testing.T, a *apitest.App, p *faultproxy.Proxy) {
		admin := a.Actor(t, access.Admin)
		acknowledged := &ledger{}
		for name, fail := range networkFaults {
			t.Run(name, func(t *testing.T) {
				load := startLoad(t, admin, acknowledged)
				load.awaitCreations(20)
				fail(p)
				storm(t, a, admin)
				awaitStatus(t, a, "/api/health", http.StatusServiceUnavailable)
				a.Do(t, http.MethodGet, "/api/healthz", "").Want(t, http.StatusOK)
				awaitCalm(t)

				p.Fail(faultproxy.None)
				p.Delay(0)
				awaitStatus(t, admin, "/api/v1/auth/me", http.StatusOK)
				load.awaitCreations(20)
				load.stop()
				awaitStatus(t, a, "/api/health", http.StatusOK)
			})
		}
		acknowledged.check(t, a, admin)
	})
}

// storm repeatedly sends many requests of all kinds at once. Each has to get 503 before its own
// time-out.
func storm(t *testing.T, a *apitest.App, admin *apitest.Actor) {
	t.Helper()
	var wait sync.WaitGroup
	for range 40 {
		wait.Go(func() {
			for range 5 {
				for _, send := range []func() apitest.Reply{
					func() apitest.Reply { return admin.Do(t, http.MethodGet, companiesPath+"?count=true", "") },
					func() apitest.Reply {
						return admin.Do(t, http.MethodPost, companiesPath, `{"code":"STORM","name":"Storm"}`)
					},
					func() apitest.Reply {
						return a.Do(t, http.MethodPost, "/api/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, admin.User.Email, apitest.Password))
					},
				} {
					if t.Failed() {
						return // one failure is enough
					}
					mustBeUnavailable(t, send())
				}
			}
		})
	}
	wait.Wait()
}

// awaitStatus repeats the request until the reply has this status.
func awaitStatus(t testing.TB, by interface {
	Do(t testing.TB, method, path, body string, options ...apitest.Option) apitest.Reply
}, path string, status int,
) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		reply := by.Do(t, http.MethodGet, path, "")
		if reply.Status == status {
			return
		}
		if time.Now().After(deadline) {
			reply.Want(t, status)
		}
	}
}

func mustBeUnavailable(t testing.TB, r apitest.Reply) {
	t.Helper()
	if r.Status != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("status %d, Retry-After %q: %s; want a problem with status 503 and Retry-After", r.Status, r.Header.Get("Retry-After"), r.Body)
	}
	if strings.Contains(string(r.Body), `"code":"timeout"`) {
		t.Errorf("the request timed out: %s", r.Body)
	}
}

// awaitCalm waits until few goroutines use the database.
func awaitCalm(t *testing.T) {
	t.Helper()
	const most = 20 // the clients of the load, and the sealer
	stacks := make([]byte, 8<<20)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		all := string(stacks[:runtime.Stack(stacks, true)])
		n := 0
		for stack := range strings.SplitSeq(all, "\n\n") {
			if strings.Contains(stack, "/internal/store.") || strings.Contains(stack, "jackc/") || strings.Contains(stack, "go-sql-driver/") {
				n++
			}
		}
		if n <= most {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines use the database, want at most %d\n%s", n, most, all)
		}
	}
}

// ledger has the acknowledged companies.
type ledger struct {
	mu  sync.Mutex
	n   int
	ids map[string]bool
}

func (l *ledger) nextCode() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	return fmt.Sprintf("C%d", l.n)
}

func (l *ledger) note(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ids == nil {
		l.ids = map[string]bool{}
	}
	l.ids[id] = true
}

// check fails the test unless every acknowledged company is in the database, and the trail has each
// company of the database exactly once.
func (l *ledger) check(t *testing.T, a *apitest.App, admin *apitest.Actor) {
	t.Helper()
	rows, err := a.Database(t).QueryContext(t.Context(), "SELECT id FROM companies WHERE tenant_id = '"+admin.User.TenantID.String()+"'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	there, inTrail := map[string]int{}, map[string]int{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		there[id]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, e := range a.AuditEntries(t, admin.User.TenantID, "company.create") {
		inTrail[e.EntityID]++
	}
	if !maps.Equal(there, inTrail) {
		t.Errorf("%d companies, and %d in the trail; want the same ones, each once", len(there), len(inTrail))
	}
	for id := range l.ids {
		if there[id] != 1 {
			t.Errorf("company %s was acknowledged but exists %d times, want once", id, there[id])
		}
	}
	if len(l.ids) == 0 {
		t.Error("no company was acknowledged")
	}
}

// load are clients that create companies until they are stopped.
type load struct {
	t       *testing.T
	ending  chan struct{}
	created chan struct{}
	running sync.WaitGroup
}

func startLoad(t *testing.T, admin *apitest.Actor, l *ledger) *load {
	t.Helper()
	load := &load{t: t, ending: make(chan struct{}), created: make(chan struct{})}
	for range 4 {
		load.running.Go(func() {
			for !t.Failed() {
				select {
				case <-load.ending:
					return
				default:
				}
				r := admin.Do(t, http.MethodPost, companiesPath, fmt.Sprintf(`{"code":%q,"name":"Company"}`, l.nextCode()))
				if r.Status != http.StatusCreated {
					mustBeUnavailable(t, r) // a conflict would mean that a request was executed twice
					continue
				}
				l.note(r.Header.Get("Location")[strings.LastIndexByte(r.Header.Get("Location"), '/')+1:])
				select {
				case load.created <- struct{}{}:
				default:
				}
			}
		})
	}
	t.Cleanup(load.stop)
	return load
}

func (l *load) awaitCreations(n int) {
	l.t.Helper()
	deadline := time.After(patience)
	for range n {
		select {
		case <-l.created:
		case <-deadline:
			l.t.Fatal("no companies are created")
		}
	}
}

func (l *load) stop() {
	select {
	case <-l.ending:
	default:
		close(l.ending)
	}
	l.running.Wait()
}
