// Package app builds the application from its parts, runs it, and implements the command line.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/contract"
	"github.com/tenantry/tenantry/gen/endpoints"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/health"
	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/legacy"
	"github.com/tenantry/tenantry/internal/middleware"
	"github.com/tenantry/tenantry/internal/org"
	"github.com/tenantry/tenantry/internal/pages"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/problem"
	"github.com/tenantry/tenantry/internal/ratelimit"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/redis"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/telemetry"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/user"
)

const (
	// requestTimeout limits the time of a request.
	requestTimeout = 30 * time.Second
	// announceTimeout limits how long the program waits at shutdown to announce changes to other
	// instances.
	announceTimeout = time.Second
)

// App is the running application, without its command line.
type App struct {
	Store   *store.Store
	Version string
	Metrics *telemetry.Metrics // nil: none
	// Sessions must be told of changes that are made to the database directly.
	Sessions *auth.Service
	// Shares limits what each tenant uses of this instance at the same time.
	Shares *admission.Shares

	log     *slog.Logger
	logFile io.Closer          // nil: someone else's
	tracing *telemetry.Tracing // these two may be nil
	sentry  *telemetry.Sentry
	// separateMetrics is true if only ServeMetrics serves the metrics.
	separateMetrics bool

	redis   *redis.Client         // nil: not set up
	channel *invalidation.Channel // nil: none
	legacy  *legacy.Calls
	users   *user.Service
	sealer  *audit.Sealer
	heads   *audit.Heads
	handler http.Handler
	// background holds the functions that run beside the server and are stopped after it.
	background []func(context.Context)

	requestTimeout time.Duration
	shutdownDelay  time.Duration
	draining       atomic.Bool // the process is about to end
}

// Options holds what tests replace.
type Options struct {
	Log *slog.Logger
	Now func() time.Time // nil: the wall clock
	// RequestTimeout limits the time of a request; 0 means 30 seconds.
	RequestTimeout time.Duration
}

// New opens the database and builds the application. The caller closes the App.
func New(ctx context.Context, cfg config.Config, opts Options) (*App, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	// All engines store times in microseconds.
	now := func() time.Time { return opts.Now().UTC().Truncate(time.Microsecond) }

	a := &App{
		Version: contract.Version, log: opts.Log, shutdownDelay: cfg.ShutdownDelay, requestTimeout: cmp.Or(opts.RequestTimeout, requestTimeout),
	}
	go func() { _, _ = contract.Requests() }() // while the database is waited for
	if err := a.open(ctx, cfg); err != nil {
		a.Close()
		return nil, err
	}
	if err := a.assemble(cfg, now); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// open connects to external services. After an error some parts may be open; Close closes them.
func (a *App) open(ctx context.Context, cfg config.Config) error {
	err := a.startTelemetry(ctx, cfg)
	if err != nil {
		return err
	}
	if a.Store, err = openStore(ctx, cfg, store.Options{Tracer: a.tracing.Tracer(), Notice: a.migrationNotice(ctx)}); err != nil {
		return err
	}
	if cfg.RedisURL.IsSet() {
		if a.redis, err = openRedis(cfg, a.log); err != nil {
			return err
		}
		a.background = append(a.background, a.redis.Run)
	}
	a.openChannel()
	return nil
}

// openChannel connects the instances with each other, through Redis or else PostgreSQL. Without
// both there is no channel.
func (a *App) openChannel() {
	var transport invalidation.Transport
	if a.redis != nil {
		transport = a.redis.Channel(invalidation.Name)
	} else if c := a.Store.Channel(invalidation.Name); c != nil {
		transport = c
	} else {
		return
	}
	a.channel = invalidation.New(transport, a.log)
	a.background = append(a.background, a.channel.Run)
}

// openStore opens the database with the number of connections in the settings.
func openStore(ctx context.Context, cfg config.Config, opts store.Options) (*store.Store, error) {
	opts.MaxConnections = cfg.DatabaseMaxConnections
	s, err := store.Open(ctx, cfg.DatabaseURL.Reveal(), opts)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	return s, nil
}

// openOwnersStore opens the database as the user who may change its schema.
func openOwnersStore(ctx context.Context, cfg config.Config, notice func(string)) (*store.Store, error) {
	if !cfg.MigrationsDatabaseURL.IsSet() {
		return openStore(ctx, cfg, store.Options{Notice: notice})
	}
	s, err := store.Open(ctx, cfg.MigrationsDatabaseURL.Reveal(), store.Options{MaxConnections: 1, Notice: notice})
	if err != nil {
		return nil, fmt.Errorf("MIGRATIONS_DATABASE_URL: %w", err)
	}
	return s, nil
}

func openRedis(cfg config.Config, log *slog.Logger) (*redis.Client, error) {
	client, err := redis.Open(cfg.RedisURL.Reveal(), log)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL %w", err)
	}
	return client, nil
}

func (a *App) assemble(cfg config.Config, now func() time.Time) error {
	doc, err := contract.Requests()
	if err != nil {
		return err
	}
	operations, err := access.Operations(doc)
	if err != nil {
		return err
	}
	secretKey := []byte(cfg.SecretKey.Reveal())
	auditKeys, err := AuditKeys(cfg)
	if err != nil {
		return err
	}
	if a.heads, err = loadHeads(auditKeys, cfg); err != nil {
		return err
	}
	trail, verifier := audit.NewLog(auditKeys, now, newID), audit.NewVerifier(a.Store, auditKeys)
	a.sealer = audit.NewSealer(a.Store, auditKeys, a.log)
	a.sealer.Now, verifier.Now = now, now
	a.sealer.UseHeads(a.heads)
	verifier.UseHeads(a.heads)
	trail.SealWith(a.sealer)
	a.background = append(a.background, a.sealer.Run)
	var previous [][]byte
	if cfg.SecretKeyPrevious.IsSet() {
		previous = append(previous, []byte(cfg.SecretKeyPrevious.Reveal()))
	}
	keys, err := auth.NewKeys(secretKey, previous, cfg.SigningKeys.Reveal()...)
	if err != nil {
		return err
	}
	keySet, err := keys.JWKS()
	if err != nil {
		return err
	}
	a.Shares = admission.NewShares(cfg.DatabaseMaxConnections)
	a.Sessions, err = auth.NewService(a.Store, trail, auth.NewPasswords(cfg.BcryptCost), auth.Options{
		SecretKey: secretKey, Keys: keys, AccessTokenTTL: cfg.AccessTokenTTL, RefreshTokenTTL: cfg.RefreshTokenTTL,
		PasswordResetURL: cfg.PasswordResetURL, Now: now, NewID: newID, Channel: a.channel, Log: a.log,
		Within: func(ctx context.Context, tenantID uuid.UUID, f func() error) error {
			return a.Shares.Within(ctx, admission.Tenant(tenantID), f)
		},
	})
	if err != nil {
		return err
	}
	limiter, err := a.limiter(cfg, now)
	if err != nil {
		return err
	}
	cursors, err := paging.NewCursors(secretKey, previous...)
	if err != nil {
		return err
	}
	parts := records.Parts{Store: a.Store, Audit: trail, Cursors: cursors, Now: now, NewID: newID}
	tenants := tenant.NewService(tenant.Parts{
		Parts:     parts,
		OnRefusal: func(ctx context.Context, id uuid.UUID) { a.Sessions.Changed(ctx, invalidation.Tenant(id)) },
	})

	a.legacy = legacy.NewCalls(a.Store, a.log, now)

	e := echo.New()
	e.HTTPErrorHandler = problem.Handle
	e.IPExtractor = middleware.ClientAddress(cfg.TrustedProxies, a.log, now)
	stack := middleware.Stack{
		Log: a.log, Now: now, NewID: newID, AllowedOrigins: cfg.AllowedOrigins, RequestTimeout: a.requestTimeout,
		Document: doc, Operations: operations, Authenticator: a.Sessions, Tenants: tenants,
		Denials: audit.NewDenials(a.Store, trail), LegacyCalls: a.legacy, Shares: a.Shares,
		Metrics: middleware.NewMetrics(), Tracing: a.tracing, Sentry: a.sentry,
	}
	schema := &health.Schema{Log: a.log, CheckSchema: a.Store.CheckSchema}
	a.background = append(a.background, schema.Run)
	stack.Schema = schema
	checker := &health.Checker{Log: a.log, Now: now, Database: a.Store, Writable: a.Store.Writable, UsedUp: a.Store.UsedUp, Schema: schema, Draining: a.draining.Load}
	a.users = user.NewService(user.Parts{Parts: parts, Auth: a.Sessions})
	if a.redis != nil {
		checker.Redis = a.redis
	}
	if limiter != nil {
		stack.Limiter = limiter
		checker.LimitsAreShared = limiter.IsShared
	}
	a.registerMetrics(stack.Metrics, checker)
	webPages, err := pages.New(cfg.AppName, a.Version)
	if err != nil {
		return err
	}
	perOperation := stack.Install(e)
	handlers := &httpapi.Handlers{
		System: httpapi.System{
			Name: cfg.AppName, Version: a.Version, Environment: api.Environment(cfg.Environment),
			Features: map[string]bool{"redis": a.redis != nil}, DocumentJSON: contract.JSON, KeySetJSON: keySet,
		},
		Health: checker, Auth: a.Sessions, Tenants: tenants, Operations: operations, Legacy: a.legacy, Metrics: a.metricsHandler(),
		Users: a.users, Pages: webPages, Demo: a.demo(cfg),
		Handlers: endpoints.New(parts), Trees: org.NewTrees(parts), Audit: audit.NewReader(a.Store, trail, cursors, operations, now), Trail: verifier,
	}
	api.RegisterHandlersWithOptions(e, api.NewStrictHandler(handlers, nil), api.RegisterHandlersOptions{OperationMiddlewares: perOperation})
	a.handler = middleware.HeadAsGet(middleware.LegacyPaths(middleware.EscapedPath(e)))
	return nil
}

// limiter returns nil if no limits are set.
func (a *App) limiter(cfg config.Config, now func() time.Time) (*ratelimit.Limiter, error) {
	if !cfg.RateLimitEnabled {
		return nil, nil //nolint:nilnil // no limits are a setup like any other
	}
	opts := ratelimit.Options{
		PerMinute: map[access.RateClass]int{
			access.RateDefault: cfg.RateLimitPerMinute, access.RateLogin: cfg.RateLimitLoginPerMinute, access.RateRefresh: cfg.RateLimitRefreshPerMinute,
			access.RatePassword: cfg.RateLimitPasswordPerMinute,
		},
		SecretKey: []byte(cfg.SecretKey.Reveal()), Now: now,
	}
	if a.redis != nil {
		opts.Redis = a.redis
	}
	return ratelimit.New(opts)
}

// AuditKeys returns the keys that sign the audit trail.
func AuditKeys(cfg config.Config) (*audit.Keys, error) {
	current := cfg.AuditKey
	if !current.IsSet() {
		current = cfg.SecretKey
	}
	var previous [][]byte
	for _, key := range cfg.AuditKeyPrevious {
		previous = append(previous, []byte(key.Reveal()))
	}
	return audit.NewKeys([]byte(current.Reveal()), previous...)
}

// loadHeads loads the last known entries of audit trails from AUDIT_CHECKPOINT_FILE. There are
// none if it isn't set or the file doesn't exist.
func loadHeads(keys *audit.Keys, cfg config.Config) (*audit.Heads, error) {
	heads := audit.NewHeads(keys)
	if cfg.AuditCheckpointFile == "" {
		return heads, nil
	}
	if err := heads.Load(cfg.AuditCheckpointFile); err != nil {
		return nil, fmt.Errorf("AUDIT_CHECKPOINT_FILE: %w", err)
	}
	return heads, nil
}

// createHeadsFile creates AUDIT_CHECKPOINT_FILE if it doesn't exist. It returns an error if the
// file can't be written.
func (a *App) createHeadsFile(ctx context.Context, cfg config.Config) error {
	if cfg.AuditCheckpointFile == "" || !a.heads.IsNew() {
		return nil
	}
	a.log.WarnContext(ctx, "AUDIT_CHECKPOINT_FILE doesn't exist and is created: it can't show earlier changes to audit trails", "path", cfg.AuditCheckpointFile)
	if err := a.heads.Save(); err != nil {
		return fmt.Errorf("AUDIT_CHECKPOINT_FILE: %w", err)
	}
	return nil
}

// Migrate applies missing migrations. If AUTO_MIGRATE is off, it returns an error that says what to
// do instead.
func (a *App) Migrate(ctx context.Context, cfg config.Config) error {
	if cfg.MigrationsDatabaseURL.IsSet() {
		return a.migrateAsOwner(ctx, cfg)
	}
	return a.migrateAsServing(ctx, cfg)
}

func (a *App) migrateAsServing(ctx context.Context, cfg config.Config) error {
	behind, err := schemaBehind(ctx, a.Store)
	if err != nil || behind == "" {
		return err
	}
	if !cfg.AutoMigrate {
		return errors.New(behind + ", or set AUTO_MIGRATE=true")
	}
	return a.migrateUp(ctx, a.Store)
}

// migrateAsOwner migrates as the owner of the schema. It asks the owner first, because before the
// migrations the serving user may not even be allowed to read the schema's version. Without
// AUTO_MIGRATE it only checks that both users have the same database.
func (a *App) migrateAsOwner(ctx context.Context, cfg config.Config) error {
	s, err := openOwnersStore(ctx, cfg, a.migrationNotice(ctx))
	if err != nil && !cfg.AutoMigrate {
		a.log.WarnContext(ctx, "MIGRATIONS_DATABASE_URL can't be used to migrate", "error", err)
		return a.migrateAsServing(ctx, cfg)
	}
	if err != nil {
		return err
	}
	defer s.Close()
	if err := requireSameDatabase(ctx, a.Store, s); err != nil {
		return err
	}
	if !cfg.AutoMigrate {
		return a.migrateAsServing(ctx, cfg)
	}
	behind, err := schemaBehind(ctx, s)
	if err != nil {
		return err
	}
	if behind != "" {
		if err := a.migrateUp(ctx, s); err != nil {
			return err
		}
	}
	behind, err = schemaBehind(ctx, a.Store)
	if err == nil && behind != "" {
		err = fmt.Errorf("%w: that one is up to date, but here %s", store.ErrOtherDatabase, behind)
	}
	return err
}

// requireSameDatabase returns an error if the two stores certainly have different databases.
func requireSameDatabase(ctx context.Context, serving, owners *store.Store) error {
	same, err := serving.IsSameDatabase(ctx, owners)
	if err == nil && !same {
		return store.ErrOtherDatabase
	}
	return nil
}

func (a *App) migrateUp(ctx context.Context, s *store.Store) error {
	applied, err := s.MigrateUp(ctx)
	for _, m := range applied {
		a.log.InfoContext(ctx, "migrated", "version", m.Version, "name", m.Name)
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// migrationNotice returns a function that logs what a migration waits for.
func (a *App) migrationNotice(ctx context.Context) func(string) {
	return func(message string) { a.log.InfoContext(ctx, message) }
}

// requireSchema returns an error that says what to do if this program can't run with the schema.
func (a *App) requireSchema(ctx context.Context) error { return a.Store.CheckSchema(ctx) }

// schemaBehind returns what to do if the schema is behind, or "". If the schema is newer and this
// program can't run with it, schemaBehind returns an error.
func schemaBehind(ctx context.Context, s *store.Store) (string, error) {
	err := s.CheckSchema(ctx)
	if mismatch, ok := errors.AsType[*store.SchemaMismatch](err); ok && mismatch.IsBehind() {
		return mismatch.Error(), nil
	}
	return "", err
}

// noticeNewerSchema logs if the schema is newer than this program.
func (a *App) noticeNewerSchema(ctx context.Context) {
	current, needed, err := a.Store.SchemaVersion(ctx)
	if err == nil && current > needed {
		a.log.InfoContext(ctx, "the schema of the database is newer than this program, but its migrations are marked as compatible with it", "current", current, "needed", needed)
	}
}

// Close closes the connections to the database and to Redis, and sends the remaining traces and
// reports.
func (a *App) Close() {
	if a.legacy != nil {
		a.legacy.Close()
	}
	a.announceRemaining()
	if a.Store != nil {
		a.Store.Close()
	}
	if a.redis != nil {
		a.redis.Close()
	}
	a.stopTelemetry()
	if a.logFile != nil {
		_ = a.logFile.Close()
	}
}

// announceRemaining announces the remaining changes. Commands rely on it, because they run no
// background functions.
func (a *App) announceRemaining() {
	ctx, cancel := context.WithTimeout(context.Background(), announceTimeout)
	defer cancel()
	if err := a.channel.Flush(ctx); err != nil {
		a.log.WarnContext(ctx, "other instances could not be notified of the last changes; they read them within a second", "error", err)
	}
}

// newID returns a UUID of version 7 (RFC 9562). Such ids sort by their time of creation.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
