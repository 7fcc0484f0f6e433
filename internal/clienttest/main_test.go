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
	// sources is the folder of the package.
	sources = "../../gen/typescript"
	// patience is the time-out of a command that takes seconds on an idle machine.
	patience = 5 * time.Minute
	// lifetime is longer than that of access tokens; pause is shorter.
	lifetime = time.Hour
	pause    = 20 * time.Minute
)

// packed installs the package's tools, packs the package and compiles its tests, once. It returns
// the path of the packed file.
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

// folder has the packed file until the tests end.
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
		return "", fmt.Errorf("find the packed file: %w", err)
	}
	if len(files) != 1 {
		return "", fmt.Errorf("packed the files %q, want one", files)
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

// install are npm's arguments to install the dependencies of a project.
var install = []string{"ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"}

// npm runs several npm commands in order.
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

// output runs a command to its end and returns its output. It fails the test unless the command
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

// server is the application behind a proxy that checks each reply against the document.
type server struct {
	*apitest.App

	front string // the proxy's URL
	user  db.User
	mux   *http.ServeMux

	lost atomic.Int64 // how many of the next replies to refreshes get lost

	refresh sync.RWMutex // held by each refresh, or by hold
	change  sync.RWMutex // held by each PUT, or by hold
	mu      sync.Mutex
	counts  map[string]int // of requests, such as "POST /api/v1/auth/refresh", and of replies, such as "GET /api/v1/auth/me 401"
	changed chan struct{}  // closed at the next count
}

// newServer starts a server with an admin who isn't logged in.
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

// hold blocks refreshes, or changes, until release is called or the test ends.
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

// counted returns how often the event happened, and a channel that is closed at the next event.
func (s *server) counted(event string) (int, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.counts[event], s.changed
}

// await waits until the event has happened this often.
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
