package main

import (
	"errors"
	"fmt"
	"strings"
)

// How to search a tenant's rows for a text depends on how many of the next rows have it, which no
// statistics of a table tell. So PostgreSQL gets a statement with both ways. It looks through some
// rows in the order of the list. These fill the page if the text is frequent. If they don't, the
// page is made of all rows that the index of trigrams finds. See docs/adr/0014-flat-cost.md.

// searchAhead is how many rows are looked through.
const searchAhead = 5000

// searching returns the text for PostgreSQL of a list's query, or of its count, that searches. The
// condition o is the search.
func (l *list) searching(text string, o option) (string, error) {
	view := l.table
	if l.of.IsTenants() {
		view = "searchable_" + l.table // below row-level security, LIKE can't use an index
	}
	name, rest, _ := strings.Cut(text, "\n")
	columns, rest, found := strings.Cut(rest, "\nFROM "+l.table+"\n")
	if !found {
		return "", errors.New("sqlc has written FROM in another way")
	}
	if !strings.Contains(rest, "\nORDER BY ") {
		return name + "\n" + columns + "\nFROM " + view + "\n" + rest, nil
	}
	conditions, rest, _ := strings.Cut(rest, "\nORDER BY ")
	order, limit, limited := strings.Cut(rest, "\nLIMIT ")
	where := strings.Replace(conditions, "\n  AND "+o.Text, "", 1)
	if !limited || where == conditions {
		return "", errors.New("sqlc has written the search or LIMIT in another way")
	}
	return bothWays(name, columns, l.table, view, where, order, sorted(order), strings.Trim(o.Given, "()"), strings.TrimSpace(limit)), nil
}

// sorted returns an order that no index has, so that the planner takes the index that finds the
// rows.
func sorted(order string) string {
	var keys []string
	for key := range strings.SplitSeq(order, ", ") {
		name, direction, _ := strings.Cut(key+" ", " ")
		keys = append(keys, strings.TrimSpace(fmt.Sprintf("coalesce(%[1]s, %[1]s) %[2]s", name, direction)))
	}
	return strings.Join(keys, ", ")
}

// bothWays returns the statement. Row n is the last that is looked at. It is in ahead, whatever its
// text, only if the page isn't full by then and there may be more rows.
func bothWays(name, columns, table, view, where, order, sorted, search, limit string) string {
	return fmt.Sprintf(`%[1]s
WITH ahead AS MATERIALIZED (
SELECT * FROM (SELECT r.*, row_number() OVER () AS n FROM (
%[2]s
FROM %[3]s
%[5]s
ORDER BY %[6]s
LIMIT %[10]d
) AS r) AS r WHERE %[8]s OR n = %[10]d
LIMIT %[9]s
)
%[2]s
FROM ahead WHERE NOT EXISTS (SELECT FROM ahead WHERE n = %[10]d)
UNION ALL
SELECT * FROM (
%[2]s
FROM %[4]s
%[5]s
  AND %[8]s
ORDER BY %[7]s
LIMIT %[9]s
) AS found WHERE EXISTS (SELECT FROM ahead WHERE n = %[10]d)
`, name, columns, table, view, where, order, sorted, search, limit, searchAhead)
}
