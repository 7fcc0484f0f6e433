// Package apitest starts the real application for a test: on a database of its own, with a clock
// that the test moves, and with a client whose every reply is checked against the document.
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
	// secretKey of all test applications, so that a test can forge tokens.
	secretKey = "only-for-tests-5rB0vV7mYk3sQxN2cJ8w"
	// bcryptCost is the lowest there is: tests are about the rules, not the work.
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

// Settings are those of a test's application on a database.
func Settings(databaseURL string) config.Config {
	return config.Config{
		AppName: "Tenantry", Environment: config.Development,
		SecretKey: config.NewSecret(secretKey), AccessTokenTTL: 30 * time.Minute, RefreshTokenTTL: 7 * 24 * time.Hour, BcryptCost: bcryptCost,
		DatabaseURL: config.NewSecret(databaseURL), DatabaseMaxConnections: maxConnections,
	}
}

// Start starts an application with these settings, perhaps on a database that another one uses too.
func Start(t testing.TB, engine store.Engine, cfg config.Config) *App {
	t.Helper()
	return StartLimited(t, engine, cfg, 0)
}

// StartLimited is Start, with another limit to the time that a request may take.
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

// Client is the generated client, for someone who isn't logged in.
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

// HTTPClient sends requests as they stand, and checks every reply against the document.
func (a *App) HTTPClient() *http.Client { return &http.Client{Transport: a.transport} }

// Clock is the application's clock. It runs like the wall clock, ahead of it by as much as the test
// says.
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

// Hold stops the clock at a time; it goes on only as the test says.
func (c *Clock) Hold(at time.Time) { c.held.Store(&at) }

// Step makes every look at the clock take so long, as if the application were slow.
func (c *Clock) Step(d time.Duration) { c.step.Store(int64(d)) }

// Advance lets time pass.
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
