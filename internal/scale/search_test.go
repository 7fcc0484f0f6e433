package scale_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// lookAhead is the maximum number of database pages for the rows that a search reads in the order
// of the list before it uses the index: one page for each.
const lookAhead = 5000 + 5000/5 + descent

// TestCostOfSearchesDependsOnTheResults searches texts that don't fill a page at once: rare texts,
// texts of other tenants, and texts only at the far end of the list. The cost must not grow with
// the number of the tenant's rows.
func TestCostOfSearchesDependsOnTheResults(t *testing.T) {
	op := apitest.Operation(t, "listCompanies")
	l := newLab(t, searched)
	p, _ := proofOf(t, op.ID)
	p.rows(t, l.rows)
	for text, found := range map[string]int{"meadow": 100, "harbour": 1, "shire": 0, "c12346": 1, "delta": 5000} {
		for _, o := range ordersOf(op) {
			for _, parameters := range []url.Values{{}, {"country": {"DE"}}, {"is_active": {"true"}, "count": {"true"}}} {
				parameters.Set("q", text)
				parameters.Set("sort", o.sort)
				l.proveText(t, op, p, parameters, found)
			}
		}
	}
}

// proveText reads the first page of the rows with a text and checks its cost.
func (l *lab) proveText(t *testing.T, op access.Operation, p proof, parameters url.Values, found int) {
	t.Helper()
	title := op.ID + "?" + parameters.Encode()
	l.wire.take()
	l.large.Do(t, http.MethodGet, op.Path+"?"+parameters.Encode(), "").Want(t, http.StatusOK)
	plans := slices.DeleteFunc(l.wire.take(), func(plan plan) bool { return !plan.touches(p.table) })
	if want := 1 + len(parameters["count"]); len(plans) != want {
		t.Fatalf("%s reads %s in %d statements, want %d", title, p.table, len(plans), want)
	}
	for _, plan := range plans {
		ahead, indexed := false, false
		plan.Root.walk(func(n node) {
			indexed = indexed || n.Index == p.table+"_search_text_idx" && n.Loops > 0
			ahead = ahead || n.Type == "WindowAgg" && n.Rows < 5000
			if n.Type == "Seq Scan" && n.Loops > 0 {
				t.Errorf("%s reads the whole table:\n%s", title, plan)
			}
		})
		// If the first rows fill the page, no index is needed.
		if !indexed && !ahead {
			t.Errorf("%s doesn't use an index:\n%s", title, plan)
		}
		// The index itself has few pages.
		if most := lookAhead + 1000 + 2*found; plan.buffers() > most {
			t.Errorf("%s costs %d buffers, want %d at most:\n%s", title, plan.buffers(), most, plan)
		}
	}
}
