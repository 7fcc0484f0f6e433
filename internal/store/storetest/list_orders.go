package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// place is where a row stands in a list.
type place struct {
	at   time.Time
	name string
	id   uuid.UUID
}

// lister returns the rows of a list after a place, in one order.
type lister[Row, Filters any] func(t *T, tenant uuid.UUID, f Filters, after place, limit int32) []Row

// listOrders are the four orders of a list.
type listOrders[Row, Filters any] struct {
	byCreatedAt, byCreatedAtDesc, byName, byNameDesc lister[Row, Filters]

	place func(Row) place
}

// each calls f with every order, the place before its first row, and how it compares.
func (l listOrders[Row, Filters]) each(f func(name string, list lister[Row, Filters], first place, compare func(a, b Row) int)) {
	byTime := func(a, b Row) int {
		p, q := l.place(a), l.place(b)
		return cmp.Or(p.at.Compare(q.at), cmp.Compare(p.id.String(), q.id.String()))
	}
	byName := func(a, b Row) int {
		p, q := l.place(a), l.place(b)
		return cmp.Or(cmp.Compare(p.name, q.name), cmp.Compare(p.id.String(), q.id.String()))
	}
	lowest := place{at: time.Unix(0, 0).UTC()}
	highest := place{at: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), name: strings.Repeat("\U0010ffff", 200), id: uuid.Max}
	f("created_at", l.byCreatedAt, lowest, byTime)
	f("created_at desc", l.byCreatedAtDesc, highest, func(a, b Row) int { return byTime(b, a) })
	f("name", l.byName, lowest, byName)
	f("name desc", l.byNameDesc, highest, func(a, b Row) int { return byName(b, a) })
}

// holdEveryRow proves that pages of any size hold each of a tenant's rows once, and in order.
func (l listOrders[Row, Filters]) holdEveryRow(t *T, tenant uuid.UUID, want []Row) {
	t.Helper()
	var none Filters
	l.each(func(name string, list lister[Row, Filters], first place, compare func(a, b Row) int) {
		slices.SortFunc(want, compare)
		for _, limit := range []int32{1, 2, 3, int32(len(want)), 100} {
			var all []Row
			after := first
			for len(all) <= len(want) {
				page := list(t, tenant, none, after, limit)
				if page == nil {
					t.Errorf("order %s: a page is nil", name)
				}
				if len(page) == 0 {
					break
				}
				all = append(all, page...)
				after = l.place(page[len(page)-1])
			}
			equal(t, fmt.Sprintf("order %s in pages of %d", name, limit), all, want)
		}
	})
}

// filterCase is a filter with the codes of what it lets through, in the order of the alphabet.
type filterCase[Filters any] struct {
	name    string
	filters Filters
	want    string
}

// filter proves that every order and the count let through what a filter says.
func (l listOrders[Row, Filters]) filter(
	t *T, tenant uuid.UUID, code func(Row) string, count func(t *T, tenant uuid.UUID, f Filters) int64, cases []filterCase[Filters],
) {
	t.Helper()
	for _, c := range cases {
		l.each(func(name string, list lister[Row, Filters], first place, _ func(a, b Row) int) {
			codes := []string{}
			for _, row := range list(t, tenant, c.filters, first, 100) {
				codes = append(codes, code(row))
			}
			slices.Sort(codes)
			equal(t, name+" with "+c.name, strings.Join(codes, " "), c.want)
		})
		equal(t, "count with "+c.name, count(t, tenant, c.filters), int64(len(strings.Fields(c.want))))
	}
}

// gaps are times and names for rows: equal ones, in other orders than ids, and apart by the smallest step.
var gaps = []struct {
	after time.Duration
	name  string
}{{0, "b"}, {2 * time.Second, "a"}, {time.Microsecond, "b"}, {time.Second, ""}, {0, "ab"}, {100 * time.Millisecond, "b"}, {0, "a"}}
