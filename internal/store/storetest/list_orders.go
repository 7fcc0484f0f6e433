package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// place holds the values of a row by which lists are sorted.
type place struct {
	at   time.Time
	name string
	id   uuid.UUID
}

// listOf is a list that can be sorted by a time and by a name.
type listOf[Row, Filters any] struct {
	db.List[Row, Filters]

	place func(Row) place
	in    func(tenant uuid.UUID, f Filters) Filters // adds the tenant to the filters
}

// compare returns a function that compares two rows in the given order.
func (l listOf[Row, Filters]) compare(o db.Order[Row, Filters]) func(a, b Row) int {
	name, descending := strings.CutPrefix(o.Sort, "-")
	return func(a, b Row) int {
		p, q := l.place(a), l.place(b)
		if descending {
			p, q = q, p
		}
		byKey := p.at.Compare(q.at)
		if name == "name" {
			byKey = cmp.Compare(p.name, q.name)
		}
		return cmp.Or(byKey, cmp.Compare(p.id.String(), q.id.String()))
	}
}

// rows returns one page of a list: the rows after a place, in one order.
func (l listOf[Row, Filters]) rows(t *T, o db.Order[Row, Filters], f Filters, after db.Place, limit int32) []Row {
	t.Helper()
	rows, err := o.Rows(t.Context(), t.querier(), f, after, limit)
	if err != nil {
		t.Fatal(err)
	}
	if rows == nil || len(rows) > int(limit) {
		t.Errorf("%s %s: a page of at most %d has %d rows (nil: %t)", l.Name, o.Sort, limit, len(rows), rows == nil)
	}
	return rows
}

// after returns the place directly after a row.
func (l listOf[Row, Filters]) after(t *T, o db.Order[Row, Filters], row Row) db.Place {
	t.Helper()
	p, err := o.Place(row)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pages reads all rows after a place, page by page.
func (l listOf[Row, Filters]) pages(t *T, o db.Order[Row, Filters], f Filters, after db.Place, limit int32) []Row {
	t.Helper()
	var all []Row
	for {
		page := l.rows(t, o, f, after, limit)
		if len(page) == 0 {
			return all
		}
		if all = append(all, page...); len(all) > 100 {
			t.Fatalf("%s %s: the pages don't end", l.Name, o.Sort)
		}
		after = l.after(t, o, page[len(page)-1])
	}
}

// holdEveryRow expects that pages of any size contain each row of a tenant once, and in order.
func (l listOf[Row, Filters]) holdEveryRow(t *T, tenant uuid.UUID, want []Row) {
	t.Helper()
	var none Filters
	for _, o := range l.Orders {
		slices.SortFunc(want, l.compare(o))
		for _, limit := range []int32{1, 2, 3, int32(len(want)), 100} {
			equal(t, fmt.Sprintf("%s %s in pages of %d", l.Name, o.Sort, limit), l.pages(t, o, l.in(tenant, none), o.First, limit), want)
		}
	}
}

// filterCase is a filter with the codes of the matching rows, in alphabetical order.
type filterCase[Filters any] struct {
	name    string
	filters Filters
	want    string
}

// filter expects that a filter selects the same rows in every order, and that the count agrees.
func (l listOf[Row, Filters]) filter(t *T, tenant uuid.UUID, code func(Row) string, cases []filterCase[Filters]) {
	t.Helper()
	for _, c := range cases {
		f := l.in(tenant, c.filters)
		for _, o := range l.Orders {
			codes := []string{}
			for _, row := range l.rows(t, o, f, o.First, 100) {
				codes = append(codes, code(row))
			}
			slices.Sort(codes)
			equal(t, fmt.Sprintf("%s %s with %s", l.Name, o.Sort, c.name), strings.Join(codes, " "), c.want)
		}
		equal(t, "count with "+c.name, l.count(t, f), int64(len(strings.Fields(c.want))))
	}
}

func (l listOf[Row, Filters]) count(t *T, f Filters) int64 {
	t.Helper()
	n, err := l.Count(t.Context(), t.querier(), f)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// querier returns the store. The methods that are called are recorded for the suite.
func (t *T) querier() db.Querier {
	return db.Observed(t.store, func(ctx context.Context, query string) (context.Context, func(error)) {
		t.calls.addName(query)
		return ctx, func(error) {}
	})
}

// gaps are times and names for test rows. Some are equal, some differ by the smallest step, and
// their order isn't that of the ids.
var gaps = []struct {
	after time.Duration
	name  string
}{{0, "b"}, {2 * time.Second, "a"}, {time.Microsecond, "b"}, {time.Second, ""}, {0, "ab"}, {100 * time.Millisecond, "b"}, {0, "a"}}
