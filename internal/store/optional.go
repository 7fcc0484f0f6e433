package store

import (
	"context"
	"database/sql"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/gen/db/sqlite"
)

// A list's filters are conditions like (country = $5 OR $5 IS NULL). Whether there is an index for them depends on the values,
// which PostgreSQL forgets about when it has seen a prepared statement a few times, and at which SQLite never looks. MySQL and
// MariaDB plan each time. So PostgreSQL and SQLite are shown only the conditions that count. See docs/adr/0008-lists.md.

// postgresOption is an optional condition.
var postgresOption = regexp.MustCompile(`\([^()]* OR \$(\d+) IS NULL\)`)

// option says where a text has an optional condition, and which of the parameters decides whether it counts.
type option struct{ start, end, parameter int }

func optionsOf(text string) []option {
	var options []option
	for _, m := range postgresOption.FindAllStringSubmatchIndex(text, -1) {
		options = append(options, option{m[0], m[1], number(text[m[2]:m[3]])})
	}
	return options
}

// counting says which of the options count with these arguments: a bit for each, the first one's is the lowest.
func counting(options []option, args []any) uint64 {
	var count uint64
	for i, o := range options {
		if hasValue(args, o.parameter) {
			count |= 1 << i
		}
	}
	return count
}

// only returns a text whose other optional conditions are true whatever their parameters.
func only(text string, options []option, count uint64) string {
	var b strings.Builder
	from := 0
	for i, o := range options {
		if count&(1<<i) == 0 {
			b.WriteString(text[from:o.start])
			b.WriteString("true")
			from = o.end
		}
	}
	b.WriteString(text[from:])
	return b.String()
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
		if hasValue(args, number(sqliteOption.FindStringSubmatch(match)[1])) {
			return ")"
		}
		return match
	})
}

// number reads that of a parameter, which a pattern has found.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// hasValue reports whether an optional parameter, of which the first is 1, has a value.
func hasValue(args []any, parameter int) bool {
	if parameter < 1 || parameter > len(args) {
		return false
	}
	v := reflect.ValueOf(args[parameter-1])
	return v.Kind() == reflect.Pointer && !v.IsNil()
}
