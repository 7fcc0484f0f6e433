package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/tools/schema"
)

// nextName is the file name of the migration in testdata/next.sql.
const nextName = "99998_next.sql"

// buildNext builds the next version of the program: this source with one additional, compatible
// migration.
var buildNext = sync.OnceValues(func() (string, error) {
	from, to := filepath.Join(filepath.Dir(binary), "next"), filepath.Join(filepath.Dir(binary), "nextgen")
	source, err := os.ReadFile("testdata/next.sql")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(from, os.DirFS("../../sql/migrations")); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(from, nextName), source, 0o600); err != nil {
		return "", err
	}
	if err := schema.Generate(from, to); err != nil {
		return "", err
	}
	overlay := map[string]map[string]string{"Replace": {}}
	for _, engine := range []store.Engine{store.Postgres, store.MySQL, store.SQLite} {
		target, err := filepath.Abs(filepath.Join("../../gen/migrations", string(engine), nextName))
		if err != nil {
			return "", err
		}
		overlay["Replace"][target] = filepath.Join(to, string(engine), nextName)
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	file := filepath.Join(filepath.Dir(binary), "overlay.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", err
	}
	next := filepath.Join(filepath.Dir(binary), "next.exe")
	build := exec.Command("go", "build", "-overlay", file, "-trimpath", "-ldflags=-s -w", "-o", next, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, output)
	}
	return next, nil
})

// next returns the same installation with the next version's program.
func (i *installation) next() *installation {
	i.t.Helper()
	changed := *i
	var err error
	if changed.binary, err = buildNext(); err != nil {
		i.t.Fatal(err)
	}
	return &changed
}

// TestUpgradeAndRollbackUnderLoad follows "Upgrade and rollback" of docs/operations.md with two
// instances. Every request has to succeed.
func TestUpgradeAndRollbackUnderLoad(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		admin := newAdmin(t, engine, databaseURL)
		old := newInstallation(t, "DATABASE_URL="+databaseURL).inProduction().with("LOG_LEVEL=info")
		next := old.next()
		front := newBalancer(t, old.serve(), old.serve())
		token := front.login(admin.Email, apitest.Password).Access
		load := startLoad(front, admin.Email, token)
		load.awaitMore(t)

		next.run(0, "migrate", "up")
		load.awaitMore(t)
		if p := front.replace(0, old); !strings.Contains(p.stderr.String(), "newer than this program") { // as after a crash
			t.Errorf("an old program with a newer schema doesn't warn:\n%s", p)
		}
		load.awaitMore(t)
		for i := range 2 {
			front.replace(i, next)
			load.awaitMore(t)
		}

		for i := range 2 {
			front.replace(i, old)
			load.awaitMore(t)
		}
		next.run(0, "migrate", "down", "--yes")
		load.awaitMore(t)
		mustHoldAll(t, engine, admin.TenantID, load.stop(), databaseURL)
		if n := load.writers.refused.Load(); n > 0 {
			t.Errorf("%d requests were refused, want none", n)
		}
		old.run(0, "audit", "verify")
	})
}

// load are clients that send requests continuously: some create companies, others send other
// requests.
type load struct {
	writers *creators
	others  sync.WaitGroup
	ending  chan struct{}
	done    chan struct{} // receives after each round of the other requests
}

func startLoad(front *balancer, email, token string) *load {
	l := &load{writers: startCreators(token, 2, front.process), ending: make(chan struct{}), done: make(chan struct{})}
	l.others.Go(func() {
		for !front.t.Failed() {
			l.round(front.process, email, token)
			select {
			case <-l.ending:
				return
			case l.done <- struct{}{}:
			default:
			}
		}
	})
	return l
}

// round sends one request of each kind.
func (l *load) round(p *process, email, token string) {
	changed := fmt.Sprintf(`{"name":"Company %d"}`, lastCode.Add(1))
	created := companiesPath + "/"
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodPost, companiesPath, fmt.Sprintf(`{"code":"L%d","name":"Company"}`, lastCode.Add(1)), http.StatusCreated},
		{http.MethodPut, created, changed, http.StatusOK},
		{http.MethodGet, created, "", http.StatusOK},
		{http.MethodGet, companiesPath + "?q=company&count=true&limit=5", "", http.StatusOK},
		{http.MethodGet, "/api/v1/audit/logs?limit=5", "", http.StatusOK},
		{http.MethodPost, loginPath, loginBody(email, apitest.Password), http.StatusOK},
		{http.MethodGet, "/api/health", "", http.StatusOK},
	} {
		path := c.path
		if path == companiesPath+"/" {
			path = created
		}
		r, err := p.try(c.method, path, c.body, bearer(token))
		if err != nil || r.status != c.status {
			p.t.Errorf("%s %s: status %d, %v, want %d: %s", c.method, path, r.status, err, c.status, r.body)
			return
		}
		if c.status == http.StatusCreated {
			created = r.header.Get("Location")
		}
	}
}

// awaitMore waits until both kinds of clients have done more.
func (l *load) awaitMore(t *testing.T) {
	t.Helper()
	l.writers.awaitMore(5)
	<-l.done
	<-l.done // the second round began after the call
}

func (l *load) stop() map[string]bool {
	close(l.ending)
	l.others.Wait()
	return l.writers.stop()
}

// balancer is a reverse proxy that distributes requests to instances in turn. Clients use it like a
// process.
type balancer struct {
	*process

	mu    sync.RWMutex
	backs []*back
	turn  atomic.Int64
}

type back struct {
	*process

	proxy   *httputil.ReverseProxy
	running sync.WaitGroup
}

func newBalancer(t *testing.T, instances ...*process) *balancer {
	t.Helper()
	b := &balancer{}
	for _, p := range instances {
		b.backs = append(b.backs, newBack(t, p))
	}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.process = &process{t: t, home: instances[0].home, url: server.URL, client: instances[0].client}
	return b
}

func newBack(t *testing.T, p *process) *back {
	t.Helper()
	target, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 16},
	}
	return &back{process: p, proxy: proxy}
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.RLock()
	to := b.backs[int(b.turn.Add(1))%len(b.backs)]
	to.running.Add(1)
	b.mu.RUnlock()
	defer to.running.Done()
	to.proxy.ServeHTTP(w, r)
}

// replace starts another instance, moves the requests of one to it, and terminates that one.
func (b *balancer) replace(i int, by *installation) *process {
	b.t.Helper()
	p := by.serve()
	b.mu.Lock()
	before := b.backs[i]
	b.backs[i] = newBack(by.t.(*testing.T), p)
	b.mu.Unlock()
	before.running.Wait()
	before.terminate()
	return p
}

// A server whose schema changes is not at fault: it refuses requests until the schema fits again.
func TestSchemaChangesWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		admin := newAdmin(t, engine, databaseURL)
		home := newInstallation(t, "DATABASE_URL="+databaseURL, "LOG_LEVEL=info")
		p := home.serve()
		token := p.login(admin.Email, apitest.Password).Access
		p.mustServe(admin.Email, token)

		// Without a health check, the log-in that needs the missing part detects the change.
		for range 7 {
			home.run(0, "migrate", "down")
			p.statuses(admin.Email, token)
		}
		p.mustRefuse(admin.Email, token)
		home.run(0, "migrate", "up")
		p.awaitHealth(http.StatusOK)
		p.mustServe(admin.Email, token)

		// No request fails with a newer schema, so only the health check detects it.
		database := aside(engine, databaseURL)
		database.Exec(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
		p.awaitHealth(http.StatusServiceUnavailable)
		p.mustRefuse(admin.Email, token)
		home.run(1, "doctor")
		database.Exec(t, "INSERT INTO compatible_migrations (version_id) VALUES (99999)")
		p.awaitHealth(http.StatusOK)
		p.mustServe(admin.Email, token)
		if out := home.run(0, "doctor").stdout.String(); !strings.Contains(out, "has version 99999") || !strings.Contains(out, "but runs with it") {
			t.Errorf("output of the doctor:\n%s", out)
		}
	})
}

// statuses sends requests that need the database. It fails the test for each reply with status 500
// or above, except the expected refusal.
func (p *process) statuses(email, token string) (list []int) {
	p.t.Helper()
	for _, c := range []call{
		{method: http.MethodGet, path: companiesPath},
		{method: http.MethodPost, path: loginPath, body: loginBody(email, apitest.Password)},
		{method: http.MethodGet, path: "/api/v1/audit/logs"},
		{method: http.MethodPost, path: companiesPath, body: fmt.Sprintf(`{"code":"S%d","name":"Company"}`, lastCode.Add(1))},
	} {
		r := p.do(c.method, c.path, c.body, bearer(token))
		if list = append(list, r.status); r.status < http.StatusInternalServerError {
			continue
		}
		r.wantProblem(p.t, http.StatusServiceUnavailable, "schema_mismatch")
		if r.header.Get("Retry-After") == "" {
			p.t.Error("the refusal has no Retry-After")
		}
	}
	return list
}

func (p *process) mustServe(email, token string) {
	p.t.Helper()
	if got := fmt.Sprint(p.statuses(email, token)); got != "[200 200 200 201]" {
		p.t.Errorf("statuses %s, want success\n%s", got, p)
	}
}

// mustRefuse fails the test unless the server refuses exactly the requests that need the database.
func (p *process) mustRefuse(email, token string) {
	p.t.Helper()
	if got := fmt.Sprint(p.statuses(email, token)); got != "[503 503 503 503]" {
		p.t.Errorf("statuses %s, want refusals", got)
	}
	r := p.do(http.MethodGet, "/api/health", "").want(p.t, http.StatusServiceUnavailable)
	parts := decode[struct {
		Components map[string]struct{ Status string }
	}](p.t, r).Components
	if parts["schema"].Status != "down" || parts["database"].Status != "ok" {
		p.t.Errorf("the health doesn't name the schema as the reason: %s", r.body)
	}
	for _, path := range []string{"/", "/api/healthz", "/api/docs", "/errors/schema_mismatch"} {
		p.do(http.MethodGet, path, "").want(p.t, http.StatusOK)
	}
	p.await(&p.stderr, regexp.MustCompile("doesn't run with the schema of the database.*schema version"))
}

// awaitHealth waits until the health has this status. A reply may be cached for a second.
func (p *process) awaitHealth(status int) {
	p.t.Helper()
	for since := time.Now(); ; {
		if r := p.do(http.MethodGet, "/api/health", ""); r.status == status || time.Since(since) > patience {
			r.want(p.t, status)
			return
		}
	}
}
