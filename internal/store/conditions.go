package store

import (
	"context"
	"database/sql"
	"reflect"
	"strings"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/db/sqlite"
)

// PostgreSQL and SQLite get only those optional conditions of a query that have a value, so that
// they choose the right index. PostgreSQL ignores the values once it has executed a prepared
// statement a few times, and SQLite always ignores them. MySQL and MariaDB plan each execution
// anyway. See docs/adr/0008-lists.md.

// nameOf returns the query's name from the comment that sqlc has written into its text.
func nameOf(text string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "-- name: "), " ")
	return name
}

// givenOptions returns a bit mask of the conditions whose parameters have a value. The lowest bit
// is the first condition.
func givenOptions(options []db.Option, args []any) uint64 {
	var count uint64
	for i, o := range options {
		if hasValue(args, o.Parameter) {
			count |= 1 << i
		}
	}
	return count
}

// hasValue reports whether an optional parameter has a value. Parameters are numbered from 1.
func hasValue(args []any, parameter int) bool {
	v := reflect.ValueOf(args[parameter-1])
	return v.Kind() == reflect.Pointer && !v.IsNil()
}

// postgresText replaces each condition that isn't in the bit mask count by TRUE.
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

// sqliteConditions runs queries after sqliteText has rewritten them.
type sqliteConditions struct{ sqlite.DBTX }

func (c sqliteConditions) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.DBTX.QueryContext(ctx, sqliteText(query, args), args...)
}

func (c sqliteConditions) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return c.DBTX.QueryRowContext(ctx, sqliteText(query, args), args...)
}

// sqliteText makes the optional conditions that have a value unconditional. It keeps the others, so
// that each argument still has its parameter.
func sqliteText(text string, args []any) string {
	for _, o := range db.Statements[nameOf(text)].SQLite {
		if hasValue(args, o.Parameter) {
			text = strings.Replace(text, o.Text, o.Given, 1)
		}
	}
	return text
}
