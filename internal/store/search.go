package store

import (
	"fmt"
	"regexp"
)

// Which way of searching a tenant's rows for a text is right depends on how often it is in the rows that follow, and no statistics of a table
// know that. So a statement tries both on PostgreSQL: it looks through some rows in the order of the list, which fills the page when
// the text is frequent there. If it doesn't, the page is made from all rows that the index of trigrams finds.
// See docs/adr/0014-flat-cost.md.

// searchAhead is how many rows are looked through. Of a text that they have less than a page of, few other rows are to be expected.
const searchAhead = 5000

// searchView is where an index can be used for LIKE: below row-level security it can't.
const searchView = "searchable_"

var (
	searchedList = regexp.MustCompile(`(?s)^(-- name: \w+ :many\n)(SELECT\s.*?)\nFROM (\w+)\n(WHERE\s.*?)` +
		`\s+AND \(search_text LIKE \$(\d+) OR \$\d+ IS NULL\)\nORDER BY (\w+)( DESC)?, id(?: DESC)?\nLIMIT (\$\d+)\n$`)
	searchedCount = regexp.MustCompile(`(?s)^(-- name: \w+ :one\nSELECT count\(\*\) FROM )(\w+)(\n.*\(search_text LIKE \$(\d+) OR \$\d+ IS NULL\))`)
)

// search is what a statement becomes when it has a text to search for, and which parameter has that; the zero one for a statement that
// can't search.
type search struct {
	text    string
	pattern int
}

// searchViewOf is the view of a table for searching. Tenants aren't a tenant's: their table has no row-level security.
func searchViewOf(table string) string {
	if table == "tenants" {
		return table
	}
	return searchView + table
}

func newSearch(text string) search {
	if m := searchedCount.FindStringSubmatch(text); m != nil {
		return search{m[1] + searchViewOf(m[2]) + text[len(m[1])+len(m[2]):], number(m[4])}
	}
	m := searchedList.FindStringSubmatch(text)
	if m == nil {
		return search{}
	}
	name, columns, table, where, pattern, key, direction, limit := m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]
	order := fmt.Sprintf("ORDER BY %[1]s%[2]s, id%[2]s", key, direction)
	// An order that no index has makes the planner take what finds the rows.
	sorted := fmt.Sprintf("ORDER BY coalesce(%[1]s, %[1]s)%[2]s, coalesce(id, id)%[2]s", key, direction)
	ahead := fmt.Sprintf("%s\nFROM %s\n%s\n%s\nLIMIT %d", columns, table, where, order, searchAhead)
	// Row n is the last that is looked at. It is in ahead, whatever its text, only when the page isn't full by then and there may be more rows.
	//nolint:unqueryvet // the columns are those of the generated query
	return search{fmt.Sprintf(`%[1]sWITH ahead AS MATERIALIZED (
SELECT * FROM (SELECT r.*, row_number() OVER () AS n FROM (
%[2]s
) AS r) AS r WHERE search_text LIKE $%[3]s OR n = %[9]d
LIMIT %[4]s
)
%[5]s
FROM ahead WHERE NOT EXISTS (SELECT FROM ahead WHERE n = %[9]d)
UNION ALL
SELECT * FROM (
%[5]s
FROM %[6]s
%[7]s
  AND search_text LIKE $%[3]s
%[8]s
LIMIT %[4]s
) AS found WHERE EXISTS (SELECT FROM ahead WHERE n = %[9]d)
`, name, ahead, pattern, limit, columns, searchViewOf(table), where, sorted, searchAhead), number(pattern)}
}
