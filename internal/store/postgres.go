package store

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jackc/puddle/v2"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store/dburl"
)

// hostTimeout limits how long it may take to connect before the next server of the URL is tried,
// unless the URL sets connect_timeout. For the last server the watchdog sets the limit.
const hostTimeout = time.Second

// lockWaitSetting is the PostgreSQL setting for the longest wait for a lock. Without it, one locked
// table would use up all connections. MySQL has the same limit.
const lockWaitSetting = "lock_timeout"

type postgresDriver struct {
	pool     *pgxpool.Pool
	single   driver.Connector // of std
	std      *sql.DB
	pings    *sql.DB // of one connection
	watchdog *watchdog
	// idleInTransaction is the value of PostgreSQL's setting idle_in_transaction_session_timeout.
	idleInTransaction string
	lockTimeout       string      // the same
	pooled            atomic.Bool // a pooler such as pgbouncer is in between
	// switched is true if the user could bypass row-level security. Each transaction is then
	// switched to tenantry_serving.
	switched atomic.Bool
}

func openPostgres(ctx context.Context, u *dburl.URL, opts Options) (database, db.Querier, error) {
	config, err := u.Postgres()
	if err != nil {
		return nil, nil, err
	}
	config.MaxConns = int32(opts.MaxConnections) //nolint:gosec // the settings allow 1000 at most
	if config.ConnConfig.ConnectTimeout == 0 && len(config.ConnConfig.Fallbacks) > 0 {
		config.ConnConfig.ConnectTimeout = hostTimeout
	}
	d := &postgresDriver{
		watchdog:          newWatchdog(postgresProbe(&config.ConnConfig.Config)),
		idleInTransaction: "idle_in_transaction_session_timeout = " + strconv.FormatInt(opts.IdleInTransaction.Milliseconds(), 10),
	}
	d.lockTimeout = lockWaitSetting + " = '" + lockWait + "s'"
	if given := config.ConnConfig.RuntimeParams[lockWaitSetting]; given != "" {
		d.lockTimeout = lockWaitSetting + " = '" + strings.ReplaceAll(given, "'", "''") + "'"
	}
	config.ConnConfig.DialFunc = d.watchdog.dial
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		return d.prepare(ctx, conn, d.session()+"; SET "+d.lockTimeout)
	}
	config.PrepareConn = func(_ context.Context, conn *pgx.Conn) (bool, error) { return postgresFresh(conn), nil }
	onError := config.ConnConfig.OnPgError
	config.ConnConfig.OnPgError = func(conn *pgconn.PgConn, e *pgconn.PgError) bool {
		if e.Code == readOnlyState {
			d.pool.Reset() // other connections lead to the same server
			return false
		}
		return onError(conn, e)
	}
	// The few queries of std must work through pgbouncer, too, and each of its connections is used
	// once.
	std := config.ConnConfig.Copy()
	std.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	// This package caches statement descriptions itself; pgx would allocate room for hundreds on
	// each connection.
	config.ConnConfig.DefaultQueryExecMode, config.ConnConfig.StatementCacheCapacity, config.ConnConfig.DescriptionCacheCapacity = pgx.QueryExecModeExec, 0, 0
	if d.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, nil, fmt.Errorf("make pool: %w", err)
	}
	d.single = hiddenConnector{stdlib.GetConnector(*std, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		return d.prepare(ctx, conn, d.session()) // no lock_timeout: migrations wait for locks without limit
	}))}
	d.std = sql.OpenDB(d.single)
	d.std.SetMaxIdleConns(0)
	d.pings = keepOne(sql.OpenDB(hiddenConnector{stdlib.GetConnector(*std)}))
	return d, db.NewPostgres(postgresConn{d}, mapper(translatePostgres)), nil
}

// prepare sets up a new connection. Connections of a pooler don't get the settings.
func (d *postgresDriver) prepare(ctx context.Context, conn *pgx.Conn, settings string) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	// In binary form a number would lose its trailing zeros.
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "numeric", OID: pgtype.NumericOID, Codec: &pgtype.TextFormatOnlyCodec{Codec: pgtype.NumericCodec{}},
	})
	results, err := conn.PgConn().Exec(ctx, whoServes).ReadAll()
	if err != nil {
		return err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return errors.New("no answer to the question for the number of the server process")
	}
	// The server process sends its number in the handshake, too. If the two differ, there is a
	// pooler in between.
	pid, bypasses := string(results[0].Rows[0][0]), string(results[0].Rows[0][1])
	pooled := pid != strconv.FormatUint(uint64(conn.PgConn().PID()), 10)
	if pooled {
		d.pooled.Store(true)
	} else if _, err := conn.PgConn().Exec(ctx, settings).ReadAll(); err != nil {
		return err
	}
	d.switched.Store(bypasses == "t")
	conn.PgConn().CustomData()[statementsKey] = newStatements(conn, pooled)
	return nil
}

// session returns the settings of a connection. On a pooler's connection nothing is set, because
// another client uses it next.
//
// JIT is off, because compiling parts of a plan that aren't executed takes longer than a search.
// The server rolls back a transaction whose client is idle for too long, which frees its locks, and
// detects that a client's machine is gone.
func (d *postgresDriver) session() string {
	return "SET jit = off; SET " + d.idleInTransaction + "; SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4"
}

// whoServes asks for the number of the server process, and whether the user must be switched to
// tenantry_serving. That is so if policies don't apply to the user (a superuser, for example), or
// if the user owns the tables and could drop the policies. A migration creates the role, if it may.
const whoServes = `SELECT pg_backend_pid(), EXISTS (
	SELECT FROM pg_class AS tables, pg_roles AS users, pg_roles AS serving
	WHERE tables.oid = to_regclass('tenants') AND users.rolname = current_user AND serving.rolname = '` + servingRole + `'
		AND (users.rolsuper OR users.rolbypassrls OR pg_has_role(tables.relowner, 'USAGE'))
		AND pg_has_role(serving.oid, 'MEMBER') AND has_table_privilege(serving.oid, tables.oid, 'INSERT'))`

// migrated asks again whether the user must be switched (whoServes).
func (d *postgresDriver) migrated(ctx context.Context) error { return d.std.PingContext(ctx) }

// postgresFresh reports whether an idle connection is still alive.
func postgresFresh(conn *pgx.Conn) bool {
	network := conn.PgConn().Conn()
	if encrypted, ok := network.(*tls.Conn); ok {
		network = encrypted.NetConn()
	}
	watched, ok := network.(*watchedConn)
	return !ok || silent(watched)
}

// postgresProbe returns a function that checks, outside of the pool, whether a server of the kind
// that the URL asks for answers.
func postgresProbe(config *pgconn.Config) func(context.Context) error {
	config = config.Copy()
	dialer := newDialer()
	config.DialFunc = dialer.DialContext
	config.ConnectTimeout = probeTimeout / time.Duration(1+len(config.Fallbacks)) // of each server
	return func(ctx context.Context) error {
		conn, err := pgconn.ConnectConfig(ctx, config)
		if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == tooManyState {
			return nil
		}
		if err != nil {
			return err
		}
		_ = conn.Close(ctx)
		return nil
	}
}

func (d *postgresDriver) connect(ctx context.Context) error {
	if err := d.pool.Ping(ctx); err != nil {
		return translatePostgres(err)
	}
	return nil
}

func (d *postgresDriver) ping(ctx context.Context) error {
	if err := d.pings.PingContext(ctx); err != nil {
		return translatePostgres(err)
	}
	return nil
}

func (d *postgresDriver) sqlDB() *sql.DB { return d.std }

func (d *postgresDriver) pingDB() *sql.DB { return d.pings }

func (d *postgresDriver) connector() driver.Connector { return d.single }

func (d *postgresDriver) connectionWatchdog() *watchdog { return d.watchdog }

func (d *postgresDriver) close() {
	d.watchdog.end()
	_ = d.std.Close()
	_ = d.pings.Close()
	d.pool.Close()
}

// translatePostgres translates errors by their SQLSTATE codes (PostgreSQL, appendix A).
func translatePostgres(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	connect, isConnect := errors.AsType[*pgconn.ConnectError](err)
	if isConnect {
		err = hide(connect)
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		if isConnect && !errors.Is(err, context.Canceled) {
			return unavailable(err)
		}
		if common := translateCommon(err); common != nil {
			return common
		}
		if errors.Is(err, puddle.ErrClosedPool) || closedPool(err) || pgconn.SafeToRetry(err) {
			return unavailable(err)
		}
		return err
	}
	switch e.Code {
	case "23505":
		return &Violation{Kind: Unique, Constraint: e.ConstraintName, cause: err}
	case "23503":
		return &Violation{Kind: ForeignKey, Constraint: e.ConstraintName, cause: err}
	case "23514":
		return &Violation{Kind: Check, Constraint: e.ConstraintName, cause: err}
	}
	known := postgresCodes[e.Code]
	if known == nil {
		known = postgresClasses[e.Code[:min(2, len(e.Code))]]
	}
	if known != nil {
		return known(err)
	}
	return err
}
