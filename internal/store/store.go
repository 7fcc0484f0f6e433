// Package store keeps the data in PostgreSQL, MySQL or MariaDB, or SQLite. No other package knows a
// database driver.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store/dburl"
)

// Engine is a kind of database, named as in gen/migrations.
type Engine = dburl.Engine

// The supported engines.
const (
	Postgres = dburl.Postgres
	MySQL    = dburl.MySQL // and MariaDB
	SQLite   = dburl.SQLite
)

// Store runs each query of sql/queries in a transaction of its own. Use Tx for queries that belong
// together.
type Store struct {
	db.Querier

	engine   Engine
	database database
	url      *dburl.URL
	path     string // of an SQLite database
	needed   int64  // the version of the schema that this program knows
	tracing  tracing
	notice   func(string)
	refusals *refusals
}

// Options are the settings of a Store besides its URL.
type Options struct {
	MaxConnections int // to the server, or of readers with SQLite; 0 means 20
	// IdleInTransaction is how long a transaction may be idle before the server rolls it back, for
	// instance because the process is frozen; 0 means 15 seconds. MySQL and MariaDB count whole
	// seconds. It has no effect on SQLite, which has no server.
	IdleInTransaction time.Duration
	// Tracer makes spans of transactions and queries. If it is nil, there are none.
	Tracer trace.Tracer
	// Notice, if set, is called with a message for operators when a migration waits for something.
	Notice func(string)
}

// database is implemented by each engine.
type database interface {
	begin(ctx context.Context) (tx, error)
	connect(ctx context.Context) error // makes the first connection of each pool
	ping(ctx context.Context) error    // past the pools
	sqlDB() *sql.DB                    // for what isn't a query of sql/queries
	pingDB() *sql.DB                   // the pool of one connection that ping uses
	connector() driver.Connector       // for migrations
	connectionWatchdog() *watchdog
	stats() []PoolStats
	close()
}

type tx interface {
	querier() db.Querier
	commit(ctx context.Context) error
	rollback(ctx context.Context) error
}

const (
	defaultMaxConnections = 20
	connectTimeout        = 5 * time.Second

	// defaultIdleInTransaction is longer than a slow machine takes between two statements, and half
	// of a request's time limit.
	defaultIdleInTransaction = 15 * time.Second
	// pingIdleTime is how long the connection for pings is kept open without a ping.
	pingIdleTime = time.Minute
)

// Open connects to the database with this URL (see dburl.Parse). If the SQLite file doesn't exist,
// Open creates it and its directory. Errors quote no part of the URL, because it contains a
// password.
func Open(ctx context.Context, databaseURL string, opts Options) (*Store, error) {
	if opts.MaxConnections == 0 {
		opts.MaxConnections = defaultMaxConnections
	}
	if opts.IdleInTransaction == 0 {
		opts.IdleInTransaction = defaultIdleInTransaction
	}
	u, err := dburl.Parse(databaseURL)
	if err != nil {
		return nil, err
	}
	s := &Store{url: u, engine: u.Engine, notice: opts.Notice, refusals: &refusals{}}
	if s.notice == nil {
		s.notice = func(string) {}
	}
	switch s.engine {
	case Postgres:
		s.database, s.Querier, err = openPostgres(ctx, u, opts)
	case MySQL:
		s.database, s.Querier, err = openMySQL(u, opts)
	case SQLite:
		s.path = u.File()
		s.database, s.Querier, err = openSQLite(s.path, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s database: %w", u.Engine, err)
	}
	if s.needed, err = newestMigration(s.engine); err != nil {
		s.Close()
		return nil, err
	}
	s.tracing = newTracing(opts.Tracer, s.engine)
	s.Querier = s.tracing.observed(s.Querier)
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := s.connect(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("connect to %s database: %w", u.Engine, err)
	}
	return s, nil
}

// connect makes the first connections. On SQLite it retries while another process creates the
// journal of a new file, because busy_timeout doesn't apply then.
func (s *Store) connect(ctx context.Context) error {
	for {
		err := s.database.connect(ctx)
		if !errors.Is(err, errContended) {
			return err
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return err
		}
	}
}

// Engine returns the kind of database.
func (s *Store) Engine() Engine { return s.engine }

// Ping checks whether the database answers. It uses a connection of its own, so that it works while
// the pool is exhausted.
func (s *Store) Ping(ctx context.Context) error { return s.database.ping(ctx) }

// Now returns the time of the database's clock, or this machine's time on SQLite.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	if s.engine == SQLite {
		return time.Now().UTC(), nil
	}
	var now time.Time
	if err := s.database.sqlDB().QueryRowContext(ctx, "SELECT CURRENT_TIMESTAMP(6)").Scan(&now); err != nil {
		return time.Time{}, fmt.Errorf("ask for the database's time: %w", err)
	}
	return now.UTC(), nil
}

// keepOne limits a pool to one connection, which pings use, and returns the pool.
func keepOne(pool *sql.DB) *sql.DB {
	pool.SetMaxOpenConns(1)
	pool.SetConnMaxIdleTime(pingIdleTime)
	return pool
}

// Close closes all connections. Later queries return errs.Unavailable.
func (s *Store) Close() { s.database.close() }
