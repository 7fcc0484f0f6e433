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

// SQLDB lets tests look behind the queries.
func (s *Store) SQLDB() *sql.DB { return s.database.sqlDB() }

// IsLockTimeout reports whether a statement has waited for a lock for as long as it may.
func IsLockTimeout(err error) bool { return errors.Is(err, errLockTimeout) }

// SQLiteConditions shows SQLite which of a query's optional conditions count.
func SQLiteConditions(conn sqlite.DBTX) sqlite.DBTX { return sqliteConditions{conn} }

// Pool is PostgreSQL's, past the scopes.
func (s *Store) Pool() *pgxpool.Pool {
	return s.database.(*postgresDriver).pool //nolint:forcetypeassert // it is PostgreSQL's
}

// Raw asks PostgreSQL past the scopes, on a connection of the pool.
func (s *Store) Raw(ctx context.Context, text string, dest ...any) error {
	return s.Pool().QueryRow(ctx, text, pgx.QueryExecModeExec).Scan(dest...)
}

// RunAfter runs a statement with other settings than ours before it.
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

// PostgresText is what PostgreSQL gets for a query with these arguments.
func PostgresText(text string, args []any) string { return statementOf(text, args).sql() }

// SQLiteText is what SQLite gets for a query with these arguments.
func SQLiteText(text string, args []any) string { return sqliteText(text, args) }

// InTx runs f with the ways of a transaction, which it rolls back.
func (s *Store) InTx(ctx context.Context, f func(db.PostgresConn) error) error {
	t, err := s.database.begin(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(postgresConn{t.(*postgresTx)}), t.rollback(ctx)) //nolint:forcetypeassert // it is PostgreSQL's
}

// ExpectedNames are those of the indexes and constraints that the migrations make.
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

// Exec runs a statement as the generated queries do. It has ? where a parameter is.
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

// Read runs a query as the generated ones do, and calls each for every row, when it has been read
// into dest. It has ? where a parameter is.
func (s *Store) Read(ctx context.Context, each func(), dest []any, text string, args ...any) error {
	var rows interface {
		Next() bool
		Scan(dest ...any) error
		Err() error
	}
	var err error
	switch d := s.database.(type) {
	case *postgresDriver:
		rows, err = postgresConn{d}.Shared().Query(ctx, numbered(text), args...) //nolint:sqlclosecheck // it is read to its end
	case *sqlDriver:
		rows, err = d.reader.QueryContext(ctx, text, args...) //nolint:rowserrcheck // it is read to its end, below
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

// numbered writes $1, $2 and so on for the question marks of a statement.
func numbered(text string) string {
	parts := strings.Split(text, "?")
	for i := range parts[1:] {
		parts[i] += "$" + strconv.Itoa(i+1)
	}
	return strings.Join(parts, "")
}
