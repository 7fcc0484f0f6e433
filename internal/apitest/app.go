// Package apitest starts the real application for a test, with a database of its own, a clock that
// the test controls, and a client that checks every reply against the document.
package apitest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const (
	// secretKey signs the tokens of all test applications. Tests use it to forge tokens.
	secretKey = "only-for-tests-5rB0vV7mYk3sQxN2cJ8w"
	// bcryptCost is the lowest cost that bcrypt allows. It keeps log-ins fast in tests.
	bcryptCost     = 4
	maxConnections = 8
)

// App is a running application.
type App struct {
	*app.App

	URL       string // like http://127.0.0.1:41234
	Engine    store.Engine
	Config    config.Config
	Clock     *Clock
	Log       *Log
	transport http.RoundTripper
	holds     holds
}

// Each runs f on every engine, in parallel, each with an application of its own.
func Each(t *testing.T, f func(t *testing.T, a *App)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, engine store.Engine) { f(t, New(t, engine)) })
}

// New starts an application on a new, empty database. It ends with the test.
func New(t testing.TB, engine store.Engine, change ...func(*config.Config)) *App {
	t.Helper()
	cfg := Settings(storetest.NewMigratedURL(t, engine))
	for _, f := range change {
		f(&cfg)
	}
	return Start(t, engine, cfg)
}

// Settings returns the settings of a test application that uses the database at this URL.
func Settings(databaseURL string) config.Config {
	return config.Config{
		AppName: "Tenantry", Environment: config.Development,
		SecretKey: config.NewSecret(secretKey), AccessTokenTTL: 30 * time.Minute, RefreshTokenTTL: 7 * 24 * time.Hour, BcryptCost: bcryptCost,
		DatabaseURL: config.NewSecret(databaseURL), DatabaseMaxConnections: maxConnections,
	}
}

// Start starts an application with these settings. Other applications may use the same database.
func Start(t testing.TB, engine store.Engine, cfg config.Config) *App {
	t.Helper()
	return StartLimited(t, engine, cfg, 0)
}

// StartLimited is Start with a request time-out; 0 keeps the default.
func StartLimited(t testing.TB, engine store.Engine, cfg config.Config, limit time.Duration) *App {
	t.Helper()
	cfg.AutoMigrate = true
	a := &App{Engine: engine, Config: cfg, Clock: &Clock{}, Log: &Log{}}
	log := slog.New(slog.NewJSONHandler(a.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if a.App, err = app.New(t.Context(), cfg, app.Options{Log: log, Now: a.Clock.Now, RequestTimeout: limit}); err != nil {
		t.Fatalf("start application: %v", err)
	}
	a.Store.Querier = db.Observed(a.Store.Querier, a.observe)
	if err := a.Migrate(t.Context(), cfg); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	a.URL = "http://" + listener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, listener) }()

	network := &http.Transport{MaxIdleConnsPerHost: 64, ExpectContinueTimeout: time.Minute}
	a.transport = Checked(t, network)
	t.Cleanup(func() {
		network.CloseIdleConnections()
		stop()
		if err := <-served; err != nil {
			t.Errorf("stop application: %v", err)
		}
		a.Close()
	})
	return a
}

// Client returns the generated client without credentials.
func (a *App) Client(t testing.TB, editors ...api.RequestEditorFn) *api.ClientWithResponses {
	t.Helper()
	options := []api.ClientOption{api.WithHTTPClient(a.HTTPClient())}
	for _, e := range editors {
		options = append(options, api.WithRequestEditorFn(e))
	}
	client, err := api.NewClientWithResponses(a.URL, options...)
	if err != nil {
		t.Fatalf("make client: %v", err)
	}
	return client
}

// HTTPClient returns a client that sends requests unchanged and checks every reply against the
// document.
func (a *App) HTTPClient() *http.Client { return &http.Client{Transport: a.transport} }

// Clock is the application's clock. By default it runs like the wall clock, plus the time that the
// test has added.
type Clock struct {
	ahead, step atomic.Int64
	held        atomic.Pointer[time.Time]
}

// Now returns the time of this clock.
func (c *Clock) Now() time.Time {
	ahead := time.Duration(c.ahead.Add(c.step.Load()))
	if held := c.held.Load(); held != nil {
		return held.Add(ahead)
	}
	return time.Now().Add(ahead)
}

// Hold stops the clock at a time. After that only Advance and Step move it.
func (c *Clock) Hold(at time.Time) { c.held.Store(&at) }

// Step makes the clock advance by d at each reading, as if the application were slow.
func (c *Clock) Step(d time.Duration) { c.step.Store(int64(d)) }

// Advance moves the clock forward by d.
func (c *Clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }

// Log keeps what the application logs.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

var _ io.Writer = (*Log)(nil)

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
