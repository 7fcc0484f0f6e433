package main

import (
	"fmt"
	"strings"
)

// engine is what an engine wants to be written in its own way.
type engine struct {
	name  string
	limit string
	// place returns the condition of a page that starts after a row. All engines find such a page in an index.
	place func(o order) string
}

// namedLimit is a syntax error for sqlc's MySQL parser. A bare placeholder there still becomes a field named Limit.
const namedLimit = "sqlc.arg('limit')"

var engines = []engine{
	{"postgres", namedLimit, func(o order) string {
		// sqlc takes all parameters of a row for those of its first column, hence the casts.
		return fmt.Sprintf("(%[1]s, id) %[2]s (sqlc.arg(after_%[1]s)::%[3]s, sqlc.arg(after_id)::uuid)", o.key.name, o.comparison(), castOf(o.key))
	}},
	// MySQL and MariaDB look for no range of an index in a comparison of rows, but in these two ranges.
	{"mysql", "?", func(o order) string {
		return fmt.Sprintf("(%[1]s %[2]s sqlc.arg(after_%[1]s) OR (%[1]s = sqlc.arg(after_%[1]s) AND id %[2]s sqlc.arg(after_id)))", o.key.name, o.comparison())
	}},
	// The first half tells sqlc the types of the parameters; it follows from the second one.
	{"sqlite", namedLimit, func(o order) string {
		return fmt.Sprintf("(%[1]s %[2]s sqlc.arg(after_%[1]s) OR id %[2]s sqlc.arg(after_id))\n"+
			"  AND (%[1]s, id) %[2]s (sqlc.arg(after_%[1]s), sqlc.arg(after_id))", o.key.name, o.comparison())
	}},
}

func (o order) comparison() string {
	if o.descending {
		return "<"
	}
	return ">"
}

// castOf returns the type of a column's parameter on PostgreSQL.
func castOf(c column) string {
	kind, _, _ := strings.Cut(c.kind, "(")
	if kind == "varchar" {
		return "text"
	}
	return kind
}
