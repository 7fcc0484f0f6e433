package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// user is the kind that resources may refer to without a description of its own.
const user = "user"

// target is a kind that others refer to.
type target struct {
	Name       string
	Plural     string
	Dependants []field
}

// GoName returns the name of the kind in Go.
func (t target) GoName() string { return resource.GoName(t.Name) }

// Targets returns users and the kinds that others refer to.
func (m *model) Targets() []target {
	targets := []target{{user, "users", m.dependants(user)}}
	for _, k := range m.Kinds {
		if list := k.Dependants(); len(list) > 0 {
			targets = append(targets, target{k.Name, k.PluralWords(), list})
		}
	}
	return targets
}

// Dependants returns the fields of others that refer to the kind, but for those that its service cares for.
func (k kind) Dependants() []field { return k.all.dependants(k.Name) }

// dependants has those kinds first that refer to others, and references that take rows along before others: so a row
// isn't changed just before it is deleted.
func (m *model) dependants(name string) []field {
	var list []field
	for _, onDelete := range []resource.OnDelete{resource.Cascade, resource.Detach} {
		for _, k := range slices.Backward(m.Kinds) {
			for _, f := range k.Refs() {
				if f.Ref == name && f.OnDelete == onDelete {
					list = append(list, f)
				}
			}
		}
	}
	return list
}

// Of returns the kind of a field.
func (f field) Of() kind { return f.of }

// Counter counts rows that go with a row of another kind, or lose a reference.
type Counter struct {
	Name, Query, Table, Condition, Param string
	Nullable                             bool // the parameter's type in Go is a pointer
}

// Counters returns the counts of what goes with a row of the kind.
func (k kind) Counters() []Counter {
	gone := map[string]string{} // condition of the rows of each kind that go
	columns := map[string]field{}
	var counters []Counter
	for _, other := range k.all.Kinds { // each after those that it refers to
		var conditions []string
		for _, f := range other.Refs() {
			takes := f.OnDelete == resource.Cascade || f.OnDelete == resource.Custom && !f.Null
			if !takes || other.Name == k.Name {
				continue
			}
			if condition, first, ok := k.refersToGone(f, gone, columns); ok {
				conditions = append(conditions, condition)
				if _, seen := columns[other.Name]; !seen {
					columns[other.Name] = first
				}
			}
		}
		if len(conditions) > 0 {
			gone[other.Name] = strings.Join(conditions, " OR ")
			counters = k.counter(counters, other, "Gone", other.Plural, gone[other.Name], columns[other.Name])
		}
	}
	for _, other := range k.all.Kinds {
		var conditions []string
		var column field
		for _, f := range other.Refs() {
			if condition, first, ok := k.refersToGone(f, gone, columns); ok && f.OnDelete == resource.Detach {
				conditions, column = append(conditions, condition), first
			}
		}
		if len(conditions) > 0 && gone[other.Name] == "" {
			counters = k.counter(counters, other, "Detached", other.Plural+"_detached", strings.Join(conditions, " OR "), column)
		}
	}
	return counters
}

// counter adds a counter, but for rows that the service itself counts.
func (k kind) counter(list []Counter, other kind, how, name, condition string, column field) []Counter {
	for _, f := range other.Refs() {
		if f.OnDelete == resource.Custom && f.Ref == k.Name {
			return list
		}
	}
	return append(list, Counter{
		Name: name, Query: fmt.Sprintf("Count%s%sWith%s", other.GoPlural(), how, k.GoName()), Table: other.Plural,
		Condition: condition, Param: column.Go(), Nullable: column.Null,
	})
}

// refersToGone returns the condition that a field names a row that goes, and the field that is compared with the id.
func (k kind) refersToGone(f field, gone map[string]string, columns map[string]field) (string, field, bool) {
	if f.Ref == k.Name {
		return fmt.Sprintf("%s = sqlc.arg(%s)", f.Name, f.Name), f, true
	}
	below, ok := gone[f.Ref]
	if !ok {
		return "", field{}, false
	}
	of, _ := k.all.byName(f.Ref)
	return fmt.Sprintf("%s IN (SELECT id FROM %s WHERE tenant_id = sqlc.arg(tenant_id) AND (%s))", f.Name, of.Plural, below), columns[f.Ref], true
}

// Circular returns the columns that are set to null before the rows of a tenant are deleted: they refer to rows of the
// same kind, or to what is deleted before.
func (k kind) Circular() []string {
	order := k.all.removalOrder()
	var columns []string
	for _, f := range k.Refs() {
		if slices.Index(order, f.Ref) <= slices.Index(order, k.Name) {
			columns = append(columns, f.Name)
		}
	}
	return columns
}

// removalOrder returns the kinds in the order in which the rows of a tenant are deleted. Users refer to companies,
// branches and departments, so they go before these, and after all that refers to them alone.
func (m *model) removalOrder() []string {
	var order, assigned []string
	for _, k := range slices.Backward(m.Kinds) {
		if slices.Contains([]string{"company", "branch", "department"}, k.Name) || m.isBelow(k, assigned) {
			assigned = append(assigned, k.Name)
			continue
		}
		order = append(order, k.Name)
	}
	return append(append(order, user), assigned...)
}

// isBelow reports whether one of the kinds refers to k.
func (m *model) isBelow(k kind, names []string) bool {
	for _, name := range names {
		other, _ := m.byName(name)
		if slices.ContainsFunc(other.Refs(), func(f field) bool { return f.Ref == k.Name }) {
			return true
		}
	}
	return false
}

// step is a step of the removal of a tenant.
type step struct{ Table, List, Change string }

// Steps returns the steps of the removal of a tenant.
func (m *model) Steps() []step {
	var detach, remove []step
	for _, name := range m.removalOrder() {
		if name == user {
			remove = append(remove, step{"users", "ListUserIDs", "DeleteUsersBetween"})
			continue
		}
		k, _ := m.byName(name)
		if len(k.Circular()) > 0 {
			detach = append(detach, step{k.Plural, "ListAttached" + k.GoName() + "IDs", "Detach" + k.GoPlural() + "Between"})
		}
		remove = append(remove, step{k.Plural, "List" + k.GoName() + "IDs", "Delete" + k.GoPlural() + "Between"})
	}
	return append(detach, remove...)
}
