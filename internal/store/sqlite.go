package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/netfault"
	"github.com/tenantry/tenantry/internal/store/dburl"
)

// sqliteFileMode allows only the owner to read the database. SQLite uses the same mode for the
// files beside it (-wal, -shm).
const sqliteFileMode = 0o600

// openSQLite opens one connection that writes, because SQLite has one writer at a time, and several
// that read.
func openSQLite(path string, opts Options) (*sqlDriver, db.Querier, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, fmt.Errorf("find the database's folder: %w", netfault.Hide(err))
	}
	if err := os.MkdirAll(filepath.Dir(absolute), 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the database's folder: %w", netfault.Hide(err))
	}
	if err := createSQLite(absolute); err != nil {
		return nil, nil, fmt.Errorf("make the database's file: %w", netfault.Hide(err))
	}
	if err := registerCollations(); err != nil {
		return nil, nil, err
	}
	single, err := sqlite.NewConnector(sqliteDSN(absolute, "_txlock=immediate"))
	if err != nil {
		return nil, nil, fmt.Errorf("open for writing: %w", err)
	}
	writer := sql.OpenDB(single)
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", sqliteDSN(absolute, "_pragma=query_only(1)"))
	if err != nil {
		return nil, nil, fmt.Errorf("open for reading: %w", err)
	}
	reader.SetMaxOpenConns(opts.MaxConnections)
	reader.SetMaxIdleConns(opts.MaxConnections)
	pings, err := sql.Open("sqlite", sqliteDSN(absolute, "_pragma=query_only(1)"))
	if err != nil {
		return nil, nil, fmt.Errorf("open for pings: %w", err)
	}
	d := &sqlDriver{
		reader: reader, writer: writer, single: single, pings: keepOne(pings),
		pingOn:    func(ctx context.Context, pool *sql.DB) error { return pool.PingContext(ctx) },
		translate: translateSQLite,
		wrap:      func(t *sql.Tx) db.Querier { return db.NewSQLite(sqliteConditions{t}, mapper(translateSQLite)) },
	}
	return d, db.NewSQLite(sqliteConditions{sqliteConn{reader: reader, writer: writer}}, mapper(translateSQLite)), nil
}

// SQLiteFile returns the path in an SQLite URL, and false for other URLs.
func SQLiteFile(databaseURL string) (string, bool) {
	u, err := dburl.Parse(databaseURL)
	if err != nil || u.Engine != SQLite {
		return "", false
	}
	return u.File(), true
}

// createSQLite creates an empty file if none exists. It doesn't open an existing file: closing it
// would release the locks that SQLite holds on it in this process.
func createSQLite(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, sqliteFileMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(sqliteFileMode), file.Close()) // whatever the umask
}

func sqliteDSN(absolute, extra string) string {
	const pragmas = "_time_format=sqlite&_timezone=UTC&_texttotime=1&_dqs=0" +
		"&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)" +
		"&_pragma=case_sensitive_like(1)" // as on the other engines
	return (&url.URL{Scheme: "file", Path: absolute, RawQuery: pragmas + "&" + extra}).String()
}

// sqliteConn sends changes to the writer and reads to the readers.
type sqliteConn struct{ reader, writer *sql.DB }

func (c sqliteConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	conn, err := connection(ctx, c.writer.Conn)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	return conn.ExecContext(ctx, query, args...)
}

func (c sqliteConn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return c.reader.PrepareContext(ctx, query)
}

func (c sqliteConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.reader.QueryContext(ctx, query, args...)
}

func (c sqliteConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return c.reader.QueryRowContext(ctx, query, args...)
}

func translateSQLite(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		if common := translateCommon(err); common != nil {
			return common
		}
		if value := unreadable(err); value != nil {
			return value
		}
		if closedPool(err) {
			return unavailable(err)
		}
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return &Violation{Kind: Unique, Constraint: sqliteKey(e.Error()), cause: err}
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return &Violation{Kind: ForeignKey, cause: err}
	case sqlite3.SQLITE_CONSTRAINT_CHECK:
		return &Violation{Kind: Check, Constraint: lastWord(e.Error()), cause: err}
	}
	if e.Code() == sqlite3.SQLITE_BUSY { // after busy_timeout
		return lockedTooLong(err)
	}
	primary := e.Code() & 0xff //nolint:mnd // the rest says more about the same
	if primary == sqlite3.SQLITE_INTERRUPT {
		return fmt.Errorf("%w: %w", context.Canceled, err)
	}
	if known := sqliteCodes[primary]; known != nil {
		return known(err)
	}
	return err
}

// sqliteKey derives the constraint's name from "... UNIQUE constraint failed: companies.tenant_id,
// companies.code (2067)". Unique constraints are named <table>_<columns>_key.
func sqliteKey(message string) string {
	_, columns, found := strings.Cut(message, "UNIQUE constraint failed: ")
	if !found {
		return ""
	}
	columns, _, _ = strings.Cut(columns, " (")
	var name string
	for column := range strings.SplitSeq(columns, ", ") {
		table, column, _ := strings.Cut(column, ".")
		if name == "" {
			name = table
		}
		name += "_" + column
	}
	return name + "_key"
}

// lastWord returns the name in "... CHECK constraint failed: users_role_check (275)".
func lastWord(message string) string {
	message, _, _ = strings.Cut(message, " (")
	return message[strings.LastIndexByte(message, ' ')+1:]
}
