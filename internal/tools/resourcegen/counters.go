package main

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// Counter counts the rows of a kind that go with a row of another kind, or lose their reference.
type Counter struct{ Name, Query, From, Where string }

// Counters returns the counts of what goes with a row of the kind, but for what its service itself
// counts.
func (k kind) Counters() []Counter {
	g := gone{kind: k, by: map[string][]field{}}
	var counters []Counter
	for _, other := range k.all.Kinds { // each after those that it refers to
		if other.Name == k.Name {
			continue
		}
		fields := g.references(other, func(f field) bool {
			return f.OnDelete == resource.Cascade || f.OnDelete == resource.Custom && !f.Null
		})
		if len(fields) == 0 {
			continue
		}
		g.by[other.Name] = fields
		if !other.isCountedBy(k) {
			counters = append(counters, g.counter(other, "Gone", other.Plural, fields))
		}
	}
	for _, other := range k.all.Kinds {
		fields := g.references(other, func(f field) bool { return f.OnDelete == resource.Detach })
		if len(fields) > 0 && g.by[other.Name] == nil && !other.isCountedBy(k) {
			counters = append(counters, g.counter(other, "Detached", other.Plural+"_detached", fields))
		}
	}
	return counters
}

// isCountedBy reports whether the service of another kind counts the rows that go.
func (k kind) isCountedBy(other kind) bool {
	for _, f := range k.Refs() {
		if f.OnDelete == resource.Custom && f.Ref == other.Name {
			return true
		}
	}
	return false
}

// gone is what goes with a row of a kind.
type gone struct {
	kind kind
	by   map[string][]field // the fields of each kind that name what goes
}

// references returns the fields of a kind that name what goes and fit.
func (g gone) references(of kind, fits func(field) bool) []field {
	var fields []field
	for _, f := range of.Refs() {
		if (f.Ref == g.kind.Name || g.by[f.Ref] != nil) && fits(f) {
			fields = append(fields, f)
		}
	}
	return fields
}

func (g gone) counter(of kind, how, name string, fields []field) Counter {
	return Counter{
		Name: name, Query: fmt.Sprintf("Count%s%sWith%s", of.GoPlural(), how, g.kind.GoName()),
		From: of.Plural + " r0", Where: g.where(0, fields),
	}
}

// where returns the condition that one of the fields names a row that goes. Each table has a name
// of its own: r0, r1 ...
func (g gone) where(depth int, fields []field) string {
	table, below := fmt.Sprintf("r%d", depth), fmt.Sprintf("r%d", depth+1)
	conditions := make([]string, len(fields))
	for i, f := range fields {
		which := below + ".id = sqlc.arg(id)"
		target := g.kind
		if f.Ref != g.kind.Name {
			target = g.kind.all.byName(f.Ref)
			which = "(" + g.where(depth+1, g.by[f.Ref]) + ")"
		}
		conditions[i] = fmt.Sprintf("%s.%s IN (SELECT %s.id FROM %s %s WHERE %s.tenant_id = sqlc.arg(tenant_id) AND %s)",
			table, f.Name, below, target.Plural, below, below, which)
	}
	return strings.Join(conditions, " OR ")
}
