package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/db/sqlite"
)

// SQLDB returns the pool, for statements that aren't among the generated queries.
func (s *Store) SQLDB() *sql.DB { return s.database.sqlDB() }

// IsLockTimeout reports whether a statement was given up because it waited too long for a lock.
func IsLockTimeout(err error) bool { return errors.Is(err, errLockTimeout) }

// SQLiteConditions makes SQLite plan each query for the optional conditions that have a value.
func SQLiteConditions(conn sqlite.DBTX) sqlite.DBTX { return sqliteConditions{conn} }

// Pool returns PostgreSQL's pool. Its queries set no scope.
func (s *Store) Pool() *pgxpool.Pool {
	return s.database.(*postgresDriver).pool //nolint:forcetypeassert // it is PostgreSQL's
}

// Raw runs a query without a scope on a connection of PostgreSQL's pool, and scans its only row
// into dest.
func (s *Store) Raw(ctx context.Context, text string, dest ...any) error {
	return s.Pool().QueryRow(ctx, text, pgx.QueryExecModeExec).Scan(dest...)
}

// RunAfter runs a statement after other settings than usual.
func (s *Store) RunAfter(ctx context.Context, set, text string) error {
	conn, err := s.Pool().Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	rows, err := statementsOf(conn.Conn()).runAfter(ctx, &settings{text: set}, text, nil)
	if err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}

// PostgresText returns the text that PostgreSQL gets for a query with these arguments.
func PostgresText(text string, args []any) string { return statementOf(text, args).sql() }

// SQLiteText returns the text that SQLite gets for a query with these arguments.
func SQLiteText(text string, args []any) string { return sqliteText(text, args) }

// InTx runs f in a PostgreSQL transaction and then rolls it back.
func (s *Store) InTx(ctx context.Context, f func(db.PostgresConn) error) error {
	t, err := s.database.begin(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(postgresConn{t.(*postgresTx)}), t.rollback(ctx)) //nolint:forcetypeassert // it is PostgreSQL's
}

// ExpectedNames returns the names of the indexes and constraints that the migrations create.
func ExpectedNames(t *testing.T, engine Engine) map[string]bool {
	t.Helper()
	expected, err := expectedNames(engine)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for name := range expected {
		names[name] = true
	}
	return names
}

// Exec runs a statement in the same way as the generated queries. Parameters are written as
// question marks.
func (s *Store) Exec(ctx context.Context, text string, args ...any) error {
	var err error
	switch d := s.database.(type) {
	case *postgresDriver:
		_, err = postgresConn{d}.Shared().Exec(ctx, numbered(text), args...)
	case *sqlDriver:
		_, err = d.writer.ExecContext(ctx, text, args...)
	}
	return err
}

// Read runs a query in the same way as the generated queries. It scans each row into dest and then
// calls each. Parameters are written as question marks.
func (s *Store) Read(ctx context.Context, each func(), dest []any, text string, args ...any) error {
	var rows interface {
		Next() bool
		Scan(dest ...any) error
		Err() error
	}
	var err error
	switch d := s.database.(type) {
	case *postgresDriver:
		rows, err = postgresConn{d}.Shared().Query(ctx, numbered(text), args...) //nolint:sqlclosecheck // rows that are read to the end are closed
	case *sqlDriver:
		rows, err = d.reader.QueryContext(ctx, text, args...) //nolint:rowserrcheck // checked at the end
	}
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		each()
	}
	return rows.Err()
}

// numbered replaces the question marks in a statement by $1, $2 and so on.
func numbered(text string) string {
	parts := strings.Split(text, "?")
	for i := range parts[1:] {
		parts[i] += "$" + strconv.Itoa(i+1)
	}
	return strings.Join(parts, "")
}
