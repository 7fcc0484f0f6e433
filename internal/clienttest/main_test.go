package clienttest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const (
	// sources is where the package is written.
	sources = "../../gen/typescript"
	// patience is how long a command may take that takes seconds on a quiet machine.
	patience = 5 * time.Minute
	// lifetime is more than access tokens have, and pause is less.
	lifetime = time.Hour
	pause    = 20 * time.Minute
)

// packed installs the package's tools, packs it and compiles its tests, once, and returns the path
// of the file that would be published.
func packed(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		storetest.RequireProgram(t, program, "the TypeScript client")
	}
	path, err := pack()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// folder is where the packed file lies until the tests end.
var folder string

var installTools = sync.OnceValue(func() error { return npm(sources, install) })

var pack = sync.OnceValues(func() (string, error) {
	if err := installTools(); err != nil {
		return "", err
	}
	if err := npm(sources, []string{"pack", "--pack-destination", folder}, []string{"run", "pretest"}); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil {
		return "", fmt.Errorf("look for what is packed: %w", err)
	}
	if len(files) != 1 {
		return "", fmt.Errorf("packed are %q, want one file", files)
	}
	return files[0], nil
})

func TestMain(m *testing.M) {
	os.Exit(runIn(m))
}

func runIn(m *testing.M) int {
	var err error
	if folder, err = os.MkdirTemp("", "tenantry-client"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	return m.Run()
}

// install are the arguments that make npm install what a project needs.
var install = []string{"ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"}

// npm runs some of its commands one after the other.
func npm(dir string, commands ...[]string) error {
	for _, args := range commands {
		if output, err := command(context.Background(), dir, "npm", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("npm %s: %w\n%s", args[0], err, output)
		}
	}
	return nil
}

func command(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = dir
	return c
}

// output runs a command to its end and returns what it prints. It fails the test unless the command
// succeeds.
func output(t *testing.T, dir string, env []string, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := command(ctx, dir, program, args...)
	c.Env = append(os.Environ(), env...)
	printed, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, printed)
	}
	return string(printed)
}

// server is the application, as clients see it through a proxy that checks each reply against the
// document.
type server struct {
	*apitest.App

	front string // where the proxy is
	user  db.User
	mux   *http.ServeMux

	lost atomic.Int64 // how many replies to refreshes are still to be lost

	refresh sync.RWMutex // held by each refresh, or by hold
	change  sync.RWMutex // held by each PUT, or by hold
	mu      sync.Mutex
	counts  map[string]int // of requests and, after a blank, replies: "POST /api/v1/auth/refresh", "GET /api/v1/auth/me 401"
	changed chan struct{}  // closed when one is counted
}

// newServer starts one, with an admin who is logged in nowhere.
func newServer(t *testing.T) *server {
	t.Helper()
	app := apitest.New(t, store.SQLite)
	s := &server{App: app, mux: http.NewServeMux(), counts: map[string]int{}}
	s.user = app.User(t, app.Tenant(t).ID, access.Admin)
	target, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Transport: app.HTTPClient().Transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			s.count(fmt.Sprintf("%s %s %d", r.Request.Method, r.Request.URL.Path, r.StatusCode))
			if r.Request.URL.Path == refreshPath && s.lost.Add(-1) >= 0 {
				panic(http.ErrAbortHandler)
			}
			return nil
		},
	}
	s.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		s.count(r.Method + " " + r.URL.Path)
		switch {
		case r.URL.Path == refreshPath:
			s.refresh.RLock()
			defer s.refresh.RUnlock()
		case r.Method == http.MethodPut:
			s.change.RLock()
			defer s.change.RUnlock()
		}
		proxy.ServeHTTP(w, r)
	})
	s.mux.HandleFunc("POST /test/pass", func(http.ResponseWriter, *http.Request) { s.Clock.Advance(pause) })
	s.mux.HandleFunc("POST /test/expire", func(http.ResponseWriter, *http.Request) { s.Clock.Advance(lifetime) })
	listener := httptest.NewServer(s.mux)
	t.Cleanup(listener.Close)
	s.front = listener.URL
	return s
}

const refreshPath = "/api/v1/auth/refresh"

// hold holds up refreshes, or changes, until the function that it returns is called, or the test
// ends.
func hold(t *testing.T, requests *sync.RWMutex) (release func()) {
	t.Helper()
	requests.Lock()
	release = sync.OnceFunc(requests.Unlock)
	t.Cleanup(release)
	return release
}

func (s *server) count(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[event]++
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// counted returns how often it happened, and a channel that is closed when something else does.
func (s *server) counted(event string) (int, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.counts[event], s.changed
}

// await returns when it has happened so often.
func (s *server) await(t *testing.T, event string, times int) {
	t.Helper()
	deadline := time.After(patience)
	for {
		n, changed := s.counted(event)
		if n >= times {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%s happened %d times after %s, want %d", event, n, patience, times)
		}
	}
}
