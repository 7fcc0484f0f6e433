package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
	"github.com/tenantry/tenantry/internal/tools/schema"
)

// list is a query of the kind :list. It becomes a query for each order, and a query that counts.
type list struct {
	query

	table      string
	of         schema.Table
	always     string // the conditions without a marker
	conditions []condition
	orders     []order
	counts     bool
}

// order is one of the orders of a list. Rows with equal keys are ordered by id.
type order struct {
	key        schema.Column
	sort       string // its name in the API; - before it means descending
	descending bool
	query      string // the name of its query
}

const withoutCount = " without count"

var (
	listText  = regexp.MustCompile(`(?s)^SELECT \*\s+FROM (\w+)(?:\s+WHERE\s+(.*))?$`)
	listOrder = regexp.MustCompile(`^(\w+)(?: AS (\w+))?(?: (ASC|DESC))?$`)
	listEnd   = regexp.MustCompile(`\b(?:ORDER BY|GROUP BY|HAVING|LIMIT|JOIN|UNION)\b`)
	orWord    = regexp.MustCompile(`\bOR\b`)
	searching = regexp.MustCompile(`^search_text LIKE sqlc\.narg\(\w+\)$`)
)

// listOf reads a query of the kind :list.
func listOf(q query, tables schema.Schema) (list, error) {
	if at := listEnd.FindStringIndex(q.text); at != nil {
		return list{}, q.errorf(at[0], "a list must have no %s: storegen adds the order, limit and start of pages", q.text[at[0]:at[1]])
	}
	m := listText.FindStringSubmatchIndex(q.text)
	if m == nil {
		return list{}, q.nameErrorf("a list must be SELECT * FROM one table, WHERE conditions joined by AND")
	}
	l := list{query: q, table: q.text[m[2]:m[3]]}
	var known bool
	if l.of, known = tables[l.table]; !known {
		return list{}, q.nameErrorf("no migration creates the table %s", l.table)
	}
	if id, _ := l.of.Column("id"); id.Type.Name != "uuid" || !id.NotNull {
		return list{}, q.nameErrorf("the table %s must have an id, which orders rows with equal keys", l.table)
	}
	var err error
	if l.conditions, err = conditionsOf(q); err != nil {
		return list{}, err
	}
	if err := l.checkConditions(); err != nil {
		return list{}, err
	}
	if at := alternative(q.text); at >= 0 {
		return list{}, q.errorf(at, "put conditions with OR into parentheses: storegen appends more conditions")
	}
	if m[4] >= 0 {
		l.always = alwaysOf(q.text[:m[5]], m[4], l.conditions)
	}
	return l, l.readOrders()
}

// alternative returns the position of an OR outside parentheses; -1 if there is none.
func alternative(text string) int {
	for _, at := range orWord.FindAllStringIndex(text, -1) {
		if strings.Count(text[:at[0]], "(") == strings.Count(text[:at[0]], ")") {
			return at[0]
		}
	}
	return -1
}

// alwaysOf returns the conditions without a marker, from position from.
func alwaysOf(text string, from int, conditions []condition) string {
	var parts []string
	add := func(part string) {
		part = strings.TrimSpace(part)
		part = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(part, "AND ")), "AND"))
		if part != "" {
			parts = append(parts, part)
		}
	}
	for _, c := range conditions {
		add(text[from:c.from])
		from = c.to
	}
	add(text[from:])
	return strings.Join(parts, "\n  AND ")
}

func (l *list) checkConditions() error {
	searches := 0
	for _, c := range l.conditions {
		switch {
		case c.marker != search:
		case !l.of.IsSearched():
			return l.errorf(c.from, "the table %s has no column search_text", l.table)
		case !searching.MatchString(c.text):
			return l.errorf(c.from, "a search must be search(search_text LIKE sqlc.narg(<parameter>))")
		default:
			if searches++; searches > 1 {
				return l.errorf(c.from, "a list can have only one search")
			}
		}
	}
	return nil
}

// readOrders reads the orders that follow the kind.
func (l *list) readOrders() error {
	text, without := strings.CutSuffix(l.args, withoutCount)
	l.counts = !without
	var names []string
	for part := range strings.SplitSeq(text, ",") {
		m := listOrder.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return l.nameErrorf("%q isn't an order: write <column> [AS <name>] [ASC|DESC]", part)
		}
		key, ok := l.of.Column(m[1])
		switch {
		case !ok:
			return l.nameErrorf("the table %s has no column %s to sort by", l.table, m[1])
		case !key.NotNull:
			return l.nameErrorf("lists can't be sorted by %s, because it may be null: no page would have these rows", m[1])
		}
		if _, _, err := ends(key); err != nil {
			return l.nameErrorf("%w", err)
		}
		name := m[1]
		if m[2] != "" {
			name = m[2]
		}
		if slices.Contains(names, name) {
			return l.nameErrorf("two orders have the name %s", name)
		}
		names = append(names, name)
		if m[3] != "DESC" {
			l.orders = append(l.orders, order{key: key, sort: name, query: l.name + "By" + resource.GoName(name)})
		}
		if m[3] != "ASC" {
			l.orders = append(l.orders, order{key: key, sort: "-" + name, descending: true, query: l.name + "By" + resource.GoName(name) + "Desc"})
		}
	}
	if len(l.orders) == 1 {
		l.orders[0].query = l.name
	}
	return nil
}

// count returns the name of the query that counts.
func (l list) count() string { return "Count" + strings.TrimPrefix(l.name, "List") }

// queries returns the queries of a list for an engine.
func (l list) queries(e engine) []query {
	var queries []query
	for _, o := range l.orders {
		conditions := []string{l.always, e.place(o)}
		for _, c := range l.conditions {
			if c.marker != counted {
				conditions = append(conditions, c.whenever())
			}
		}
		direction := ""
		if o.descending {
			direction = " DESC"
		}
		text := fmt.Sprintf("SELECT *\nFROM %s%s\nORDER BY %s%s, id%s\nLIMIT %s",
			l.table, e.compared(where(conditions), l.of), o.key.Name, direction, direction, e.limit)
		queries = append(queries, query{name: o.query, kind: ":many", text: text})
	}
	if l.counts {
		conditions := []string{l.always}
		for _, c := range l.conditions {
			if c.marker == counted {
				conditions = append(conditions, c.text)
			} else {
				conditions = append(conditions, c.whenever())
			}
		}
		queries = append(queries, query{name: l.count(), kind: ":one", text: fmt.Sprintf("SELECT count(*)\nFROM %s%s", l.table, e.compared(where(conditions), l.of))})
	}
	queries[0].comment = l.comment
	return queries
}

func where(conditions []string) string {
	conditions = slices.DeleteFunc(conditions, func(c string) bool { return c == "" })
	if len(conditions) == 0 {
		return ""
	}
	return "\nWHERE " + strings.Join(conditions, "\n  AND ")
}
