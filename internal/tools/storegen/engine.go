package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/schema"
)

// engine is what an engine wants to be written in its own way.
type engine struct {
	Name  string // of its folder
	Title string // in names of Go
	limit string
	// place returns the condition of a page that starts after a row. All engines find such a page
	// in an index.
	place func(o order) string
	// decimal is what a parameter is in a comparison with a decimal column; %s is the parameter.
	decimal string
}

// namedLimit is a syntax error for sqlc's MySQL parser. A bare placeholder there still becomes a
// field named Limit.
const namedLimit = "sqlc.arg('limit')"

var engines = []engine{
	{Name: "postgres", Title: "Postgres", limit: namedLimit, decimal: "%s", place: func(o order) string {
		// sqlc takes all parameters of a row for those of its first column, hence the casts.
		return fmt.Sprintf("(%[1]s, id) %[2]s (sqlc.arg(after_%[1]s)::%[3]s, sqlc.arg(after_id)::uuid)", o.key.Name, o.comparison(), castOf(o.key))
	}},
	// MySQL and MariaDB look for no range of an index in a comparison of rows, but in these two
	// ranges. They compare a decimal with a text as floating-point numbers.
	{Name: "mysql", Title: "MySQL", limit: "?", decimal: "CAST(%s AS decimal(65,30))", place: func(o order) string {
		return fmt.Sprintf("(%[1]s %[2]s sqlc.arg(after_%[1]s) OR (%[1]s = sqlc.arg(after_%[1]s) AND id %[2]s sqlc.arg(after_id)))", o.key.Name, o.comparison())
	}},
	// The first half tells sqlc the types of the parameters; it follows from the second one.
	{Name: "sqlite", Title: "SQLite", limit: namedLimit, decimal: "%s", place: func(o order) string {
		return fmt.Sprintf("(%[1]s %[2]s sqlc.arg(after_%[1]s) OR id %[2]s sqlc.arg(after_id))\n"+
			"  AND (%[1]s, id) %[2]s (sqlc.arg(after_%[1]s), sqlc.arg(after_id))", o.key.Name, o.comparison())
	}},
}

var comparison = regexp.MustCompile(`\b(\w+) (=|<>|<|<=|>|>=) (sqlc\.n?arg\(\w+\))`)

// compared returns a condition as the engine wants comparisons with decimal columns.
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

// castOf returns the type of a column's parameter on PostgreSQL.
func castOf(c schema.Column) string {
	if c.Type.Name == "key" || c.Type.Name == "text" {
		return "text"
	}
	kind, _, _ := strings.Cut(c.Type.For(schema.Postgres), "(")
	return kind
}
