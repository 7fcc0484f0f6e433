package scale_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// executions after which PostgreSQL would keep a plan that fits no values in particular, and one
// more.
const executions = 6

// lab has the application on two databases: one with all rows, and a twin with the same people. A
// cursor of the twin is one of the application's, because it knows only the key of the place, the
// tenant and the list.
type lab struct {
	app, twin             *apitest.App
	address               string // of the database with all rows, without the wire
	wire                  *wire
	rows, twinRows        database
	large, small, super   *apitest.Actor // of the application with all rows
	twinned, twinnedSuper *apitest.Actor
	copied                []string          // the ids of the rows that are in the twin now
	counts                map[string]int    // of rows, by what is counted
	plans                 map[string]string // the indexes that each page of the large tenant is read through
}

func newLab(t testing.TB, p population) *lab {
	t.Helper()
	l := lab{counts: map[string]int{}, plans: map[string]string{}}
	l.app = apitest.New(t, store.Postgres, func(cfg *config.Config) {
		l.address = cfg.DatabaseURL.Reveal()
		var wired string
		l.wire, wired = newWire(t, l.address)
		cfg.DatabaseURL, cfg.DatabaseMaxConnections = config.NewSecret(wired), 1 // every statement comes back to the same session
	})
	l.rows = openDatabase(t, l.address, p)
	l.rows.prepare(t)
	l.twin = apitest.New(t, store.Postgres)
	l.twinRows = openDatabase(t, l.twin.Config.DatabaseURL.Reveal(), population{})
	l.twinRows.prepare(t)
	l.large, l.small = l.app.ActorIn(t, tenantID(0), access.Admin), l.app.ActorIn(t, tenantID(min(7, p.tenants)), access.Admin)
	l.super = l.app.Superuser(t)
	l.twinned, l.twinnedSuper = l.twin.ActorIn(t, tenantID(0), access.Admin), l.twin.Superuser(t)
	return &l
}

// TestListsCostTheSameAtAnyDepth reads from the document which lists there are and what they can be
// asked for. For each order and each filter it looks at what the first and a deep page cost, or the
// last one if there are less, of the large tenant and of a small one.
func TestListsCostTheSameAtAnyDepth(t *testing.T) {
	operations := apitest.Operations(t)
	unused := maps.Clone(proofs)
	l := newLab(t, proved)
	for _, op := range operations {
		if !isList(op) {
			continue
		}
		p, known := proofOf(t, op.ID)
		delete(unused, op.ID)
		t.Run(op.ID, func(t *testing.T) {
			if !known {
				t.Fatal("NOT PROVED: the list has no entry in proofs and no description in sql/resources")
			}
			if unproved := difference(apitest.Filters(op), slices.Sorted(maps.Keys(p.filters))); len(unproved) > 0 {
				t.Fatalf("NOT PROVED: filters that proofs and the document don't both have: %v", unproved)
			}
			p.rows(t, l.rows)
			l.prove(t, op, p)
			if p.more != nil {
				p.more(t, l, p)
			}
		})
	}
	for name := range unused {
		t.Errorf("the document has no list %s", name)
	}
}

// listsOfOneUser are lists whose length doesn't grow with the tenant: the sessions of one user, of
// which expired ones are deleted.
var listsOfOneUser = []string{"listMySessions", "listUserSessions"}

func isList(op access.Operation) bool {
	return op.Method == http.MethodGet && !slices.Contains(listsOfOneUser, op.ID) && slices.ContainsFunc(op.Parameters, func(p *openapi3.Parameter) bool { return p.Name == "cursor" })
}

func difference(a, b []string) []string {
	var list []string
	for _, name := range slices.Concat(a, b) {
		if !slices.Contains(a, name) || !slices.Contains(b, name) {
			list = append(list, name)
		}
	}
	return list
}

// order is a value of sort, "" where there is one order only, and the columns that it sorts by.
type order struct{ sort, column, direction string }

func ordersOf(op access.Operation) []order {
	for _, p := range op.Parameters {
		if p.Name != "sort" {
			continue
		}
		var list []order
		for _, v := range p.Schema.Value.Enum {
			o := order{sort: v.(string)}
			name, descending := strings.CutPrefix(o.sort, "-")
			if descending {
				o.direction = "DESC"
			}
			o.column = resource.SortColumn(name)
			list = append(list, o)
		}
		return list
	}
	return []order{{column: "occurred_at", direction: "DESC"}}
}

func (l *lab) prove(t testing.TB, op access.Operation, p proof) {
	t.Helper()
	for _, o := range ordersOf(op) {
		if slices.Contains(p.unindexed, o.column) {
			continue
		}
		l.proveOrder(t, op, p, o, "", filter{where: "true", spread: 1})
		for _, name := range slices.Sorted(maps.Keys(p.filters)) {
			for _, f := range p.filters[name] {
				f.spread = max(f.spread, 1)
				if name == o.column {
					f.spread = max(f.spread, 4) // all rows have the same key, so their ids decide where a page starts
				}
				l.proveOrder(t, op, p, o, name, f)
			}
		}
	}
}

// proveOrder checks what the pages of a list cost in one order, with one filter or none.
func (l *lab) proveOrder(t testing.TB, op access.Operation, p proof, o order, parameter string, f filter) {
	t.Helper()
	query := url.Values{}
	if o.sort != "" {
		query.Set("sort", o.sort)
	}
	if parameter != "" {
		query.Set(parameter, f.value)
	}
	title := op.ID + "?" + query.Encode()
	asker := l.super
	if op.TenantBound {
		asker = l.large
		l.checkedPage(t, l.small, op, p, query, title+", first page of a small tenant", f.spread)
	}
	first := l.checkedPage(t, asker, op, p, query, title+", first page", f.spread)
	cursor := l.deepCursor(t, op, p, o, query, f)
	l.plans[title+", first page"] = first.indexes()
	if cursor == "" {
		return // the first page is the only one
	}
	query.Set("cursor", cursor)
	deep := l.checkedPage(t, asker, op, p, query, title+", deep page", f.spread)
	l.plans[title+", deep page"] = deep.indexes()
	if deep.items != paging.DefaultLimit {
		t.Errorf("%s: the deep page has %d items", title, deep.items)
	}
	if most := first.buffers() + first.buffers()/5 + scatter*f.spread; deep.buffers() > most {
		t.Errorf("%s: the deep page costs %d buffers, the first one %d:\n%s", title, deep.buffers(), first.buffers(), deep.plan)
	}
}

const (
	// descent is what finding the place in an index and reading along its leaves may cost.
	descent = 12
	// scatter is how many more pages the rows of a list's page are spread over in one place than in
	// another.
	scatter = paging.DefaultLimit + 1
)

// page is a page and what it cost to read it.
type page struct {
	plan

	items int
}

// page reads a page until it is read in the way in which it will always be.
func (l *lab) page(t testing.TB, by *apitest.Actor, op access.Operation, p proof, query url.Values) page {
	t.Helper()
	var last page
	for range executions {
		l.wire.take()
		reply := by.Do(t, http.MethodGet, op.Path+"?"+query.Encode(), "").Want(t, http.StatusOK)
		plans := l.plansOf(p.table)
		if len(plans) != 1 {
			t.Fatalf("%s?%s reads %s in %d statements, want 1", op.Path, query.Encode(), p.table, len(plans))
		}
		last = page{plans[0], len(apitest.Decode[struct{ Items []struct{} }](t, reply).Items)}
	}
	return last
}

// plansOf are those of the last request that read a table as a list.
func (l *lab) plansOf(table string) []plan {
	return slices.DeleteFunc(l.wire.take(), func(p plan) bool {
		return !p.touches(table) || !strings.Contains(p.Text, ":many") || p.isBeside()
	})
}

// checkedPage fails the test unless a page was read through an index, in order, and for no more
// than one look at each row. The planner knows a table by a sample of its rows, so another sample
// decides when the first one is unlucky.
func (l *lab) checkedPage(t testing.TB, by *apitest.Actor, op access.Operation, p proof, query url.Values, title string, spread int) page {
	t.Helper()
	const rows = paging.DefaultLimit + 1 // one more says whether there is a next page
	const sorted = 2 * rows              // the planner guesses how much is left, and sorts what it takes for less than a page
	read := l.page(t, by, op, p, query)
	if faults := read.faults(rows, spread, sorted); len(faults) > 0 {
		t.Logf("%s %s", title, strings.Join(faults, "\n"))
		l.rows.exec(t, `ANALYZE `+p.table)
		read = l.page(t, by, op, p, query)
		read.check(t, title, rows, spread, sorted)
	}
	return read
}

// check fails the test if something is wrong with a plan.
func (p plan) check(t testing.TB, title string, rows, spread, sorted int) {
	t.Helper()
	for _, fault := range p.faults(rows, spread, sorted) {
		t.Errorf("%s %s", title, fault)
	}
}

// faults are what is wrong with a plan that reads so many rows, looking at spread for each of them.
// It may also read and sort all that is left, if that is no more than sorted.
func (p plan) faults(rows, spread, sorted int) []string {
	var list []string
	looks := rows * spread
	p.Root.walk(func(n node) {
		switch {
		case n.Loops == 0: // planned and not carried out, as one of the two ways of a search
		case n.Type == "Seq Scan":
			list = append(list, fmt.Sprintf("goes through the whole table:\n%s", p))
		case strings.Contains(n.Type, "Sort"):
			left := int(n.Steps[0].Rows * n.Steps[0].Loops)
			if left > sorted {
				list = append(list, fmt.Sprintf("sorts %d rows:\n%s", left, p))
			}
			looks = max(looks, min(left, sorted))
		}
	})
	if most := looks + rows/5 + descent; p.buffers() > most {
		list = append(list, fmt.Sprintf("costs %d buffers, want %d at most:\n%s", p.buffers(), most, p))
	}
	return list
}

// deepCursor is that of the deep page of the large tenant, or of the last full one; "" if there is
// only one page.
func (l *lab) deepCursor(t testing.TB, op access.Operation, p proof, o order, query url.Values, f filter) string {
	t.Helper()
	asker, scope := l.twinnedSuper, ofLargeTenant(p.table)
	if op.TenantBound {
		asker = l.twinned
	}
	matching := fmt.Sprintf(`FROM %s WHERE %s AND (%s)`, p.table, scope, f.where)
	count, counted := l.counts[matching]
	if !counted {
		if err := l.rows.QueryRowContext(t.Context(), `SELECT count(*) `+matching).Scan(&count); err != nil {
			t.Fatal(err)
		}
		l.counts[matching] = count
	}
	before := min((l.rows.population.deepPage()-1)*paging.DefaultLimit, count-paging.DefaultLimit)
	if before <= 0 {
		return ""
	}
	sorted := fmt.Sprintf(`ORDER BY %[1]s %[2]s, id %[2]s`, o.column, o.direction)
	// The last row of the page before, and one more, or the page would be the last.
	rows := l.rows.texts(t, fmt.Sprintf(`SELECT id::text, row_to_json(r)::text FROM %s AS r WHERE %s AND id IN (SELECT id %s %s OFFSET %d LIMIT 2) %s`,
		p.table, scope, matching, sorted, before-1, sorted))
	l.twinRows.exec(t, `DELETE FROM `+p.table+` WHERE id = ANY ($1::uuid[])`, l.copied)
	l.copied = []string{rows[0], rows[2]}
	l.twinRows.add(t, p.table, rows[1], rows[3])
	query = maps.Clone(query)
	query.Set("limit", "1")
	for {
		page := apitest.Decode[struct {
			Items []struct{ ID string }
			Next  *string `json:"next_cursor"`
		}](t, asker.Do(t, http.MethodGet, op.Path+"?"+query.Encode(), "").Want(t, http.StatusOK))
		if page.Next == nil {
			t.Fatalf("%s: the twin doesn't list %s", op.ID, rows[0])
		}
		if page.Items[0].ID == rows[0] {
			return *page.Next
		}
		query.Set("cursor", *page.Next)
	}
}
