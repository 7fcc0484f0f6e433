package store

import (
	"context"
	"database/sql"
	"reflect"
	"strings"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/db/sqlite"
)

// Whether there is an index for an optional condition of a query depends on whether it counts.
// PostgreSQL forgets about values once it has seen a prepared statement a few times, and SQLite
// never looks at them. MySQL and MariaDB plan each time. So PostgreSQL and SQLite are shown only
// the conditions that count. See docs/adr/0008-lists.md.

// nameOf returns the name that sqlc has written into a query.
func nameOf(text string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "-- name: "), " ")
	return name
}

// given returns which of the conditions count with these arguments: a bit for each, the lowest for
// the first one.
func given(options []db.Option, args []any) uint64 {
	var count uint64
	for i, o := range options {
		if hasValue(args, o.Parameter) {
			count |= 1 << i
		}
	}
	return count
}

// hasValue reports whether an optional parameter, of which the first is 1, has a value.
func hasValue(args []any, parameter int) bool {
	v := reflect.ValueOf(args[parameter-1])
	return v.Kind() == reflect.Pointer && !v.IsNil()
}

// postgresText returns a text in which the conditions that don't count are true.
func postgresText(text string, options []db.Option, count uint64) string {
	for i, o := range options {
		shown := "true"
		if count&(1<<i) != 0 {
			shown = o.Given
		}
		text = strings.ReplaceAll(text, o.Text, shown)
	}
	return text
}

// sqliteConditions shows SQLite which of the optional conditions count.
type sqliteConditions struct{ sqlite.DBTX }

func (c sqliteConditions) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.DBTX.QueryContext(ctx, sqliteText(query, args), args...)
}

func (c sqliteConditions) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return c.DBTX.QueryRowContext(ctx, sqliteText(query, args), args...)
}

// sqliteText returns a text in which the conditions that count are unconditional. The others stay,
// so that no parameter is missing.
func sqliteText(text string, args []any) string {
	for _, o := range db.Statements[nameOf(text)].SQLite {
		if hasValue(args, o.Parameter) {
			text = strings.Replace(text, o.Text, o.Given, 1)
		}
	}
	return text
}
