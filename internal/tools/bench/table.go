package main

import (
	"fmt"
	"io"
	"slices"
)

// comparison has the measurements of a work on two servers, by round.
type comparison struct {
	work                work
	base, other         string // the names of the servers
	baseRuns, otherRuns []measured
}

// median returns the middle value, or the mean of the two in the middle. There must be at least one
// value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func medianOf(runs []measured, value func(measured) float64) float64 {
	values := make([]float64, len(runs))
	for i, m := range runs {
		values[i] = value(m)
	}
	return median(values)
}

// ratio returns the median over all rounds of the other server's throughput divided by that of base
// in the same round.
func (c comparison) ratio() float64 {
	values := make([]float64, len(c.otherRuns))
	for i := range c.otherRuns {
		values[i] = c.otherRuns[i].perSecond() / c.baseRuns[i].perSecond()
	}
	return median(values)
}

const mebibyte = 1 << 20

// printComparisons prints two tables: the ratios, and the measurements behind them.
func printComparisons(w io.Writer, all []comparison) {
	fmt.Fprint(w, "\n| work | what | to what | ratio | throughput | of the other |\n|---|---|---|--:|--:|--:|\n")
	for _, c := range all {
		fmt.Fprintf(w, "| %s | %s | %s | **%.2f** | %.0f/s | %.0f/s |\n", c.work.title, c.other, c.base, c.ratio(),
			medianOf(c.otherRuns, loadedPerSecond), medianOf(c.baseRuns, loadedPerSecond))
	}
	fmt.Fprint(w, "\n| work | server | p50 | p99 | server: CPU for 1,000 requests | database: CPU for 1,000 requests | resident memory, at most |\n"+
		"|---|---|--:|--:|--:|--:|--:|\n")
	for _, c := range all {
		printRuns(w, c.work.title, c.other, c.otherRuns)
		printRuns(w, c.work.title, c.base, c.baseRuns)
	}
}

func printRuns(w io.Writer, title, label string, runs []measured) {
	most := int64(0)
	for _, m := range runs {
		most = max(most, m.resident)
	}
	fmt.Fprintf(w, "| %s | %s | %.1f ms | %.1f ms | %.3f s | %.3f s | %.0f MiB |\n", title, label,
		medianOf(runs, func(m measured) float64 { return m.P50.milliseconds() }),
		medianOf(runs, func(m measured) float64 { return m.P99.milliseconds() }),
		medianOf(runs, func(m measured) float64 { return m.perThousand(m.server) }),
		medianOf(runs, func(m measured) float64 { return m.perThousand(m.database) }),
		float64(most)/mebibyte)
}

func loadedPerSecond(m measured) float64 { return m.perSecond() }
