package scale_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

const (
	exportBatch = 500 // at most half of the rows with each filter's rare value, so that an export has several parts
	statsPath   = "/api/v1/audit/logs/stats"
)

// proveTrail checks the other requests that read the trail with the filters of its list.
func proveTrail(t testing.TB, l *lab, list proof) {
	t.Helper()
	export := apitest.Operation(t, "exportAuditLogs")
	if unproved := difference(apitest.Filters(export), slices.Sorted(maps.Keys(list.filters))); len(unproved) > 0 {
		t.Fatalf("NOT PROVED: filters that only the list or only the export has: %v", unproved)
	}
	for _, name := range slices.Sorted(maps.Keys(list.filters)) {
		l.proveExport(t, export, name, list.filters[name][0])
	}
	l.proveStats(t)
	l.proveMemory(t)
}

// proveExport checks that the cost of each part of an export depends only on the size of the part.
func (l *lab) proveExport(t testing.TB, export access.Operation, name string, f filter) {
	t.Helper()
	query := url.Values{name: {f.value}}
	sorted := 2 * exportBatch
	if f.spread > 1 {
		sorted = 2 * lookAhead                  // if hardly more rows remain than a search reads first
		query.Set("to", "2025-01-01T01:00:00Z") // otherwise there are hundreds of thousands of rows
	}
	l.wire.take()
	l.large.Do(t, http.MethodGet, export.Path+"?"+query.Encode(), "").Want(t, http.StatusOK)
	batches := l.plansOf("audit_entries")
	if len(batches) < 2 {
		t.Errorf("export?%s has %d parts, want at least 2", query.Encode(), len(batches))
	}
	for _, p := range batches {
		p.check(t, "a part of export?"+query.Encode(), exportBatch, max(f.spread, 1), sorted)
	}
}

// proveStats checks that the cost of counting depends only on the counted entries.
func (l *lab) proveStats(t testing.TB) {
	t.Helper()
	const query = "?from=2025-01-01T12:00:00Z&to=2025-01-01T12:10:00Z"
	for range executions {
		l.wire.take()
		l.large.Do(t, http.MethodGet, statsPath+query, "").Want(t, http.StatusOK)
	}
	counted := 10 * l.rows.population.perMinute / l.rows.population.share // the large tenant's part of ten minutes
	counts := slices.DeleteFunc(l.wire.take(), func(p plan) bool { return !p.touches("audit_entries") })
	if len(counts) != 4 {
		t.Errorf("the counts are %d statements, want 4", len(counts))
	}
	for _, p := range counts {
		p.Root.walk(func(n node) {
			if n.Type == "Seq Scan" && n.Relation == "audit_entries" {
				t.Errorf("stats%s reads the whole table:\n%s", query, p)
			}
		})
		if p.buffers() > counted+counted/5+descent {
			t.Errorf("stats%s costs %d buffers for %d entries:\n%s", query, p.buffers(), counted, p)
		}
	}
}
