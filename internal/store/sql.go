package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/tenantry/tenantry/gen/db"
)

// sqlDriver implements the engines that use database/sql: MySQL, MariaDB and SQLite.
type sqlDriver struct {
	reader, writer *sql.DB // the same but for SQLite
	pings          *sql.DB // of one connection
	pingOn         func(ctx context.Context, pings *sql.DB) error
	isolation      sql.IsolationLevel
	translate      func(error) error
	wrap           func(*sql.Tx) db.Querier
	watchdog       *watchdog // nil: SQLite has no network
	single         driver.Connector
	mysql          *mysql.Config // nil: SQLite
}

func (d *sqlDriver) begin(ctx context.Context) (tx, error) {
	conn, err := connection(ctx, d.writer.Conn)
	if err != nil {
		return nil, d.translate(err)
	}
	t, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: d.isolation})
	if err != nil {
		_ = conn.Close()
		return nil, d.translate(err)
	}
	return sqlTx{t, conn, d}, nil
}

func (d *sqlDriver) connect(ctx context.Context) error {
	for _, pool := range []*sql.DB{d.reader, d.writer} {
		if err := pool.PingContext(ctx); err != nil {
			return d.translate(err)
		}
	}
	return nil
}

func (d *sqlDriver) ping(ctx context.Context) error {
	if err := d.pingOn(ctx, d.pings); err != nil {
		return d.translate(err)
	}
	return nil
}

func (d *sqlDriver) sqlDB() *sql.DB { return d.writer }

func (d *sqlDriver) pingDB() *sql.DB { return d.pings }

func (d *sqlDriver) connector() driver.Connector { return d.single }

func (d *sqlDriver) connectionWatchdog() *watchdog { return d.watchdog }

func (d *sqlDriver) close() {
	if d.watchdog != nil {
		d.watchdog.end()
	}
	_ = d.reader.Close()
	_ = d.writer.Close()
	_ = d.pings.Close()
}

type sqlTx struct {
	tx   *sql.Tx
	conn *sql.Conn // closed after the transaction, which gives it back to the pool
	d    *sqlDriver
}

func (t sqlTx) querier() db.Querier { return t.d.wrap(t.tx) }

func (t sqlTx) commit(ctx context.Context) error {
	switch err := t.tx.Commit(); {
	case err == nil:
		_ = t.conn.Close()
		return nil
	case errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil:
		return t.d.translate(ctx.Err()) // which is why database/sql has rolled it back already
	case ctx.Err() != nil && errors.Is(err, ctx.Err()): // it wasn't tried
		return t.d.translate(err)
	default:
		return undecided(t.d.translate(err))
	}
}

func (t sqlTx) rollback(context.Context) error {
	err := t.tx.Rollback()
	_ = t.conn.Close()
	return err
}

// unreadable wraps database/sql's error for a value that can't be scanned, which has no exported
// type. It returns nil for other errors.
func unreadable(err error) error {
	if strings.HasPrefix(err.Error(), "sql: Scan error on column ") {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return nil
}

// closedPool reports whether err is database/sql's error for a closed pool, which isn't exported.
func closedPool(err error) bool { return err.Error() == "sql: database is closed" }
