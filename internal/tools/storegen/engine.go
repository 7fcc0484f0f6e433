package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/schema"
)

// engine has the SQL notation of an engine.
type engine struct {
	Name  string // also of its folder
	Title string // in Go names
	limit string
	// place returns the condition for rows after a position. Every engine can use an index for it.
	place func(o order) string
	// decimal is the format of a parameter that is compared with a decimal column.
	decimal string
}

// namedLimit is the limit as a named parameter. It is a syntax error for sqlc's MySQL parser; a
// bare placeholder also becomes a field named Limit there.
const namedLimit = "sqlc.arg('limit')"

var engines = []engine{
	{Name: "postgres", Title: "Postgres", limit: namedLimit, decimal: "%s", place: func(o order) string {
		// Without casts, sqlc gives all parameters of a row comparison the type of the first
		// column.
		return fmt.Sprintf("(%[1]s, id) %[2]s (sqlc.arg(after_%[1]s)::%[3]s, sqlc.arg(after_id)::uuid)", o.key.Name, o.comparison(), castOf(o.key))
	}},
	// MySQL and MariaDB use no index range for a comparison of rows, but they do for these two
	// conditions. They compare a decimal with a text as floating-point numbers, hence the cast.
	{Name: "mysql", Title: "MySQL", limit: "?", decimal: "CAST(%s AS decimal(65,30))", place: func(o order) string {
		return fmt.Sprintf("(%[1]s %[2]s sqlc.arg(after_%[1]s) OR (%[1]s = sqlc.arg(after_%[1]s) AND id %[2]s sqlc.arg(after_id)))", o.key.Name, o.comparison())
	}},
	// The first line only tells sqlc the types of the parameters; the second line implies it.
	{Name: "sqlite", Title: "SQLite", limit: namedLimit, decimal: "%s", place: func(o order) string {
		return fmt.Sprintf("(%[1]s %[2]s sqlc.arg(after_%[1]s) OR id %[2]s sqlc.arg(after_id))\n"+
			"  AND (%[1]s, id) %[2]s (sqlc.arg(after_%[1]s), sqlc.arg(after_id))", o.key.Name, o.comparison())
	}},
}

var comparison = regexp.MustCompile(`\b(\w+) (=|<>|<|<=|>|>=) (sqlc\.n?arg\(\w+\))`)

// compared returns a condition in which parameters that are compared with decimal columns have the
// engine's notation.
func (e engine) compared(condition string, t schema.Table) string {
	return comparison.ReplaceAllStringFunc(condition, func(match string) string {
		m := comparison.FindStringSubmatch(match)
		if c, _ := t.Column(m[1]); c.Type.Name != "decimal" {
			return match
		}
		return m[1] + " " + m[2] + " " + fmt.Sprintf(e.decimal, m[3])
	})
}

func (o order) comparison() string {
	if o.descending {
		return "<"
	}
	return ">"
}

// castOf returns PostgreSQL's type of the parameter for a column.
func castOf(c schema.Column) string {
	if c.Type.Name == "key" || c.Type.Name == "text" {
		return "text"
	}
	kind, _, _ := strings.Cut(c.Type.For(schema.Postgres), "(")
	return kind
}
