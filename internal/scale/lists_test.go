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

// executions is one more than the number after which PostgreSQL may keep a generic plan.
const executions = 6

// lab has the application on two databases: one with all rows, and a twin with the same users but
// only a few rows. A cursor of the twin is also valid for the first database, because a cursor
// depends only on the secret key, the place, the tenant and the list.
type lab struct {
	app, twin             *apitest.App
	address               string // of the database with all rows, not through the wire
	wire                  *wire
	rows, twinRows        database
	large, small, super   *apitest.Actor // users in the database with all rows
	twinned, twinnedSuper *apitest.Actor
	copied                []string          // ids of the rows that were copied to the twin
	counts                map[string]int    // number of rows by SQL condition
	plans                 map[string]string // indexes that each page of the large tenant reads
}

func newLab(t testing.TB, p population) *lab {
	t.Helper()
	l := lab{counts: map[string]int{}, plans: map[string]string{}}
	l.app = apitest.New(t, store.Postgres, func(cfg *config.Config) {
		l.address = cfg.DatabaseURL.Reveal()
		var wired string
		l.wire, wired = newWire(t, l.address)
		cfg.DatabaseURL, cfg.DatabaseMaxConnections = config.NewSecret(wired), 1 // so that all statements use the same session
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

// TestListsCostTheSameAtAnyDepth takes all lists with their orders and filters from the document.
// For each order and filter it checks the cost of the first and of a deep page, or of the last full
// one, for the large tenant and a small one.
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
				t.Fatal("NOT PROVED: the list has neither an entry in proofs nor a description in sql/resources")
			}
			if unproved := difference(apitest.Filters(op), slices.Sorted(maps.Keys(p.filters))); len(unproved) > 0 {
				t.Fatalf("NOT PROVED: filters that only the proof or only the document has: %v", unproved)
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

// listsOfOneUser are lists whose length doesn't grow with the tenant: sessions of one user, whose
// expired ones are deleted.
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

// order is a value of sort ("" if there is only one order) with its column and direction.
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
					f.spread = max(f.spread, 4) // all rows have the same key, so a page starts at an id
				}
				l.proveOrder(t, op, p, o, name, f)
			}
		}
	}
}

// proveOrder checks the cost of a list's pages in one order, with at most one filter.
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
	// descent is the maximum number of pages for finding a place in an index and reading its
	// leaves.
	descent = 12
	// scatter is the number of table pages by which the rows of two pages of a list may differ.
	scatter = paging.DefaultLimit + 1
)

// page is the plan of a page of a list, with the number of items.
type page struct {
	plan

	items int
}

// page requests a page so often that PostgreSQL has settled on a plan.
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

// plansOf returns the plans of the last request that list rows of a table.
func (l *lab) plansOf(table string) []plan {
	return slices.DeleteFunc(l.wire.take(), func(p plan) bool {
		return !p.touches(table) || !strings.Contains(p.Text, ":many") || p.isBeside()
	})
}

// checkedPage fails the test unless a page is read in the order of an index and at most spread rows
// are read for each found row. If the first plan is bad, it updates the planner's statistics once,
// because they come from a random sample of rows.
func (l *lab) checkedPage(t testing.TB, by *apitest.Actor, op access.Operation, p proof, query url.Values, title string, spread int) page {
	t.Helper()
	const rows = paging.DefaultLimit + 1 // one more shows whether there is a next page
	const sorted = 2 * rows              // the planner sorts the remaining rows if it expects less than a page of them
	read := l.page(t, by, op, p, query)
	if faults := read.faults(rows, spread, sorted); len(faults) > 0 {
		t.Logf("%s %s", title, strings.Join(faults, "\n"))
		l.rows.exec(t, `ANALYZE `+p.table)
		read = l.page(t, by, op, p, query)
		read.check(t, title, rows, spread, sorted)
	}
	return read
}

// check fails the test for each fault of a plan.
func (p plan) check(t testing.TB, title string, rows, spread, sorted int) {
	t.Helper()
	for _, fault := range p.faults(rows, spread, sorted) {
		t.Errorf("%s %s", title, fault)
	}
}

// faults returns what is wrong with a plan that returns this number of rows and may read spread
// rows for each. It may also read and sort all remaining rows, if they are at most sorted.
func (p plan) faults(rows, spread, sorted int) []string {
	var list []string
	looks := rows * spread
	p.Root.walk(func(n node) {
		switch {
		case n.Loops == 0: // planned but not executed, like one of the two plans of a search
		case n.Type == "Seq Scan":
			list = append(list, fmt.Sprintf("reads the whole table:\n%s", p))
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

// deepCursor returns the cursor of the deep page of the large tenant, or of its last full page. It
// returns "" if there is only one page.
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
	// The last row of the previous page, and one more, because a last page has no cursor.
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
