package main

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// Counter is a query that tells clients what the deletion of a row does: it counts the rows of one
// other kind that are deleted too, or that lose their reference.
type Counter struct{ Name, Query, From, Where string }

// Counters returns the counters for the deletion of a row of this kind. It leaves out rows that the
// hand-written service of the kind counts (on_delete: custom).
func (k kind) Counters() []Counter {
	d := deletion{kind: k, by: map[string][]field{}}
	var counters []Counter
	for _, other := range k.all.Kinds { // each after those that it refers to
		if other.Name == k.Name {
			continue
		}
		fields := d.references(other, func(f field) bool {
			return f.OnDelete == resource.Cascade || f.OnDelete == resource.Custom && !f.Null
		})
		if len(fields) == 0 {
			continue
		}
		d.by[other.Name] = fields
		if !other.isCountedBy(k) {
			counters = append(counters, d.counter(other, "Gone", other.Plural, fields))
		}
	}
	for _, other := range k.all.Kinds {
		fields := d.references(other, func(f field) bool { return f.OnDelete == resource.Detach })
		if len(fields) > 0 && d.by[other.Name] == nil && !other.isCountedBy(k) {
			counters = append(counters, d.counter(other, "Detached", other.Plural+"_detached", fields))
		}
	}
	return counters
}

// isCountedBy reports whether the hand-written service of another kind counts the rows of k.
func (k kind) isCountedBy(other kind) bool {
	for _, f := range k.Refs() {
		if f.OnDelete == resource.Custom && f.Ref == other.Name {
			return true
		}
	}
	return false
}

// deletion is the deletion of a row of a kind, with the rows of other kinds that are deleted too.
type deletion struct {
	kind kind
	by   map[string][]field // for each kind that loses rows too: the references that cause it
}

// references returns the fields of a kind that refer to deleted rows and for which fits is true.
func (d deletion) references(of kind, fits func(field) bool) []field {
	var fields []field
	for _, f := range of.Refs() {
		if (f.Ref == d.kind.Name || d.by[f.Ref] != nil) && fits(f) {
			fields = append(fields, f)
		}
	}
	return fields
}

func (d deletion) counter(of kind, how, name string, fields []field) Counter {
	return Counter{
		Name: name, Query: fmt.Sprintf("Count%s%sWith%s", of.GoPlural(), how, d.kind.GoName()),
		From: of.Plural + " r0", Where: d.where(0, fields),
	}
}

// where returns the SQL condition that one of the fields refers to a deleted row. depth numbers the
// aliases of tables: r0, r1 ...
func (d deletion) where(depth int, fields []field) string {
	table, below := fmt.Sprintf("r%d", depth), fmt.Sprintf("r%d", depth+1)
	conditions := make([]string, len(fields))
	for i, f := range fields {
		which := below + ".id = sqlc.arg(id)"
		target := d.kind
		if f.Ref != d.kind.Name {
			target = d.kind.all.byName(f.Ref)
			which = "(" + d.where(depth+1, d.by[f.Ref]) + ")"
		}
		conditions[i] = fmt.Sprintf("%s.%s IN (SELECT %s.id FROM %s %s WHERE %s.tenant_id = sqlc.arg(tenant_id) AND %s)",
			table, f.Name, below, target.Plural, below, below, which)
	}
	return strings.Join(conditions, " OR ")
}
