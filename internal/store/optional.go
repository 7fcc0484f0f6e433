package store

import (
	"context"
	"database/sql"
	"reflect"
	"regexp"
	"strconv"

	"github.com/tenantry/tenantry/gen/db/sqlite"
)

// A list's filters are conditions like (country = $5 OR $5 IS NULL). Whether there is an index for them depends on the values,
// which PostgreSQL forgets about when it has seen a prepared statement a few times, and at which SQLite never looks. MySQL and
// MariaDB plan each time. See docs/adr/0008-lists.md.

// postgresOption makes statements.go send a statement without a name: then PostgreSQL plans it for the values that it comes with, and
// uses the plan once. It keeps the plans of all others, unless something like pgbouncer is in between.
var postgresOption = regexp.MustCompile(` OR \$\d+ IS NULL\)`)

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
		if hasValue(args, sqliteOption.FindStringSubmatch(match)[1]) {
			return ")"
		}
		return match
	})
}

// hasValue reports whether the optional parameter of a number, of which the first is 1, has a value.
func hasValue(args []any, number string) bool {
	n, err := strconv.Atoi(number)
	if err != nil || n > len(args) {
		return false
	}
	v := reflect.ValueOf(args[n-1])
	return v.Kind() == reflect.Pointer && !v.IsNil()
}
