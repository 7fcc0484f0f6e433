package scale_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/apitest"
)

// outline is the plan without its numbers: the steps that were carried out, in order, with the index that each reads.
func (p plan) outline() string {
	var steps []string
	p.Root.walk(func(n node) {
		if n.Loops > 0 {
			steps = append(steps, n.Type+" "+n.Index)
		}
	})
	return strings.Join(steps, "\n")
}

// BenchmarkPlansAreTheSame shows that the tests prove the lists at a size at which PostgreSQL decides as it does with a million rows in a tenant: it
// proves each list with both, and fails if a page is planned differently.
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
				p := proofs[op.ID]
				for _, l := range []*lab{small, large} {
					clear(l.plans)
					p.rows(b, l.rows)
					l.prove(b, op, p)
				}
				for _, page := range slices.Sorted(maps.Keys(large.plans)) {
					pages++
					if small.plans[page] != large.plans[page] {
						b.Errorf("%s: the plan with %d rows is\n%s\nand with %d\n%s", page, proved.rows, small.plans[page], promised.rows, large.plans[page])
					}
				}
			})
		}
		b.ReportMetric(float64(pages), "plans")
	}
}
