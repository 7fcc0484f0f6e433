package main

import (
	"errors"
	"fmt"
	"strings"
)

// The best way to search depends on how frequent the text is, which table statistics don't tell. So
// PostgreSQL gets a statement that does both: it first scans searchAhead rows in the order of the
// list. If they fill the page, the text is frequent and the search ends. Otherwise it reads all
// matches from the trigram index and sorts them. See docs/adr/0014-flat-cost.md.

// searchAhead is the number of rows that are scanned in the order of the list.
const searchAhead = 5000

// searching returns PostgreSQL's text of a list's query or count for requests with a search text. o
// is the condition of the search.
func (l *list) searching(text string, o option) (string, error) {
	view := l.table
	if l.of.IsTenants() {
		view = "searchable_" + l.table // with row-level security, LIKE can't use an index
	}
	name, rest, _ := strings.Cut(text, "\n")
	columns, rest, found := strings.Cut(rest, "\nFROM "+l.table+"\n")
	if !found {
		return "", errors.New("can't find FROM in sqlc's text")
	}
	if !strings.Contains(rest, "\nORDER BY ") {
		return name + "\n" + columns + "\nFROM " + view + "\n" + rest, nil
	}
	conditions, rest, _ := strings.Cut(rest, "\nORDER BY ")
	order, limit, limited := strings.Cut(rest, "\nLIMIT ")
	where := strings.Replace(conditions, "\n  AND "+o.Text, "", 1)
	if !limited || where == conditions {
		return "", errors.New("can't find the search condition or LIMIT in sqlc's text")
	}
	return bothWays(name, columns, l.table, view, where, order, sorted(order), strings.Trim(o.Given, "()"), strings.TrimSpace(limit)), nil
}

// sorted returns the order as expressions that no index has. So the planner uses the trigram index.
func sorted(order string) string {
	var keys []string
	for key := range strings.SplitSeq(order, ", ") {
		name, direction, _ := strings.Cut(key+" ", " ")
		keys = append(keys, strings.TrimSpace(fmt.Sprintf("coalesce(%[1]s, %[1]s) %[2]s", name, direction)))
	}
	return strings.Join(keys, ", ")
}

// bothWays returns the combined statement. ahead has the matches among the first searchAhead rows,
// at most a page. If the scan reaches row number searchAhead before the page is full, ahead has
// that row too, as a sign that there may be more matches. Then the result is the second half, which
// uses the trigram index.
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
