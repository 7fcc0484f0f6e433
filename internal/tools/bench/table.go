package main

import (
	"fmt"
	"io"
	"slices"
)

// comparison is what was measured of one work, a round after the other.
type comparison struct {
	title      string
	bare, full []measured
}

// median is the middle one, or the mean of the two in the middle. There must be at least one.
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

// ratio is the median over the rounds of Tenantry's throughput divided by the bare handler's in the same round.
func (c comparison) ratio() float64 {
	values := make([]float64, len(c.full))
	for i := range c.full {
		values[i] = c.full[i].perSecond() / c.bare[i].perSecond()
	}
	return median(values)
}

const mebibyte = 1 << 20

// printComparisons prints two tables: the ratios, and what they are made of.
func printComparisons(w io.Writer, all []comparison) {
	fmt.Fprint(w, "\n| work | Tenantry / bare handler | Tenantry | bare handler |\n|---|--:|--:|--:|\n")
	for _, c := range all {
		fmt.Fprintf(w, "| %s | **%.2f** | %.0f/s | %.0f/s |\n",
			c.title, c.ratio(), medianOf(c.full, measured.throughput), medianOf(c.bare, measured.throughput))
	}
	fmt.Fprint(w, "\n| work | server | p50 | p99 | CPU of the server per 1,000 requests | of the database | resident memory, at most |\n|---|---|--:|--:|--:|--:|--:|\n")
	for _, c := range all {
		for _, r := range []struct {
			name string
			runs []measured
		}{{"Tenantry", c.full}, {"bare handler", c.bare}} {
			fmt.Fprintf(w, "| %s | %s | %.1f ms | %.1f ms | %.3f s | %.3f s | %.0f MiB |\n", c.title, r.name,
				medianOf(r.runs, func(m measured) float64 { return m.P50.milliseconds() }),
				medianOf(r.runs, func(m measured) float64 { return m.P99.milliseconds() }),
				medianOf(r.runs, func(m measured) float64 { return m.perThousand(m.server) }),
				medianOf(r.runs, func(m measured) float64 { return m.perThousand(m.database) }),
				maxResident(r.runs))
		}
	}
}

func (m measured) throughput() float64 { return m.perSecond() }

func maxResident(runs []measured) float64 {
	var most int64
	for _, m := range runs {
		most = max(most, m.resident)
	}
	return float64(most) / mebibyte
}
