package store

import (
	"context"
	"database/sql"
	"reflect"
	"regexp"
	"strconv"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/gen/db/postgres"
	"github.com/tenantry/tenantry/gen/db/sqlite"
)

// A list's filters are conditions like (country = $5 OR $5 IS NULL). Whether there is an index for them depends on the values,
// which PostgreSQL forgets about when it has seen a prepared statement a few times, and at which SQLite never looks. MySQL and
// MariaDB plan each time. See docs/adr/0008-lists.md.

// postgresPlanned lets PostgreSQL plan statements with optional conditions for the values that they come with. It keeps the
// plans of all others, unless something like pgbouncer is in between.
type postgresPlanned struct {
	postgres.DBTX

	pooled *atomic.Bool
}

func (d *postgresDriver) planned(conn postgres.DBTX) postgresPlanned {
	return postgresPlanned{conn, &d.pooled}
}

func (p postgresPlanned) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	return p.DBTX.Exec(ctx, query, p.planned(query, args)...)
}

func (p postgresPlanned) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	return p.DBTX.Query(ctx, query, p.planned(query, args)...)
}

func (p postgresPlanned) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	return p.DBTX.QueryRow(ctx, query, p.planned(query, args)...)
}

var postgresOption = regexp.MustCompile(` OR \$\d+ IS NULL\)`)

// planned adds what makes pgx send the statement without a name: then its plan is made for these values and used once. What
// the parameters are is only asked the first time.
func (p postgresPlanned) planned(query string, args []any) []any {
	if !p.pooled.Load() && !postgresOption.MatchString(query) {
		return args
	}
	return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
}

// sqlitePlanned shows SQLite which of the optional conditions count.
type sqlitePlanned struct{ sqlite.DBTX }

func (p sqlitePlanned) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.DBTX.QueryContext(ctx, withoutOptions(query, args), args...)
}

func (p sqlitePlanned) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.DBTX.QueryRowContext(ctx, withoutOptions(query, args), args...)
}

var sqliteOption = regexp.MustCompile(` OR \?(\d+) IS NULL\)`)

// withoutOptions makes (country = ?5 OR ?5 IS NULL) into (country = ?5) when there is a fifth value.
func withoutOptions(query string, args []any) string {
	return sqliteOption.ReplaceAllStringFunc(query, func(match string) string {
		n, err := strconv.Atoi(sqliteOption.FindStringSubmatch(match)[1])
		if err != nil || n > len(args) {
			return match
		}
		if v := reflect.ValueOf(args[n-1]); v.Kind() != reflect.Pointer || v.IsNil() {
			return match
		}
		return ")"
	})
}
