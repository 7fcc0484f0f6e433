package scale_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/apitest"
)

// indexes returns the indexes that a plan reads, in order. It ignores sorting: a plan may sort the
// last rows of a filter, which check limits.
func (p plan) indexes() string {
	var names []string
	p.Root.walk(func(n node) {
		if n.Loops > 0 && n.Index != "" {
			names = append(names, n.Index)
		}
	})
	return strings.Join(names, ", ")
}

// BenchmarkPlansAreTheSame proves that PostgreSQL chooses the same plans for the tests' population
// as for a million rows in a tenant. It tests each list with both, and fails if a page of the large
// tenant reads another index.
func BenchmarkPlansAreTheSame(b *testing.B) {
	small, large := newLab(b, proved), newLab(b, promised)
	operations := apitest.Operations(b)
	for b.Loop() {
		pages := 0
		for _, op := range operations {
			if !isList(op) {
				continue
			}
			b.Run(op.ID, func(b *testing.B) {
				p, known := proofOf(b, op.ID)
				if !known {
					b.Fatal("the list has no proof")
				}
				for _, l := range []*lab{small, large} {
					clear(l.plans)
					p.rows(b, l.rows)
					l.prove(b, op, p)
				}
				for _, page := range slices.Sorted(maps.Keys(large.plans)) {
					pages++
					if small.plans[page] != large.plans[page] {
						b.Errorf("%s reads %s of %d rows, and %s of %d", page, small.plans[page], proved.rows, large.plans[page], promised.rows)
					}
				}
			})
		}
		b.ReportMetric(float64(pages), "plans")
	}
}
