package main

import (
	"slices"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// user is the name of users, which resources may refer to although they have no description.
const user = "user"

// target is a kind that other kinds refer to.
type target struct {
	Name       string
	Plural     string
	Dependants []field
}

// GoName returns the Go name of the kind.
func (t target) GoName() string { return resource.GoName(t.Name) }

// Targets returns users, and the kinds that other kinds refer to.
func (m *model) Targets() []target {
	targets := []target{{user, "users", m.dependants(user)}}
	for _, k := range m.Kinds {
		if list := k.Dependants(); len(list) > 0 {
			targets = append(targets, target{k.Name, k.PluralWords(), list})
		}
	}
	return targets
}

// Dependants returns the references to this kind that generated code handles when a row is deleted.
// References with on_delete: custom are left to the service.
func (k kind) Dependants() []field { return k.all.dependants(k.Name) }

// dependants returns the references with on_delete: cascade before those with detach, so that a row
// isn't changed just before it is deleted. Within each, a kind comes before the kinds that it
// refers to.
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

// Of returns the kind that has the field.
func (f field) Of() kind { return f.of }

// Circular returns the columns that must be null before the rows of a tenant can be deleted. They
// refer to rows of the same kind, or to rows that are deleted earlier.
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

// removalOrder returns the kinds in the order in which the rows of a tenant are deleted. Users
// refer to companies, branches and departments. So users come before these and the kinds that these
// refer to, and after all other kinds.
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

// isBelow reports whether a kind in names refers to k.
func (m *model) isBelow(k kind, names []string) bool {
	for _, name := range names {
		other := m.byName(name)
		if slices.ContainsFunc(other.Refs(), func(f field) bool { return f.Ref == k.Name }) {
			return true
		}
	}
	return false
}

// step is a step of the removal of a tenant: a table, the query that lists ids and the query that
// changes or deletes the rows with these ids.
type step struct{ Table, List, Change string }

// Steps returns the steps of the removal of a tenant in their order.
func (m *model) Steps() []step {
	var detach, remove []step
	for _, name := range m.removalOrder() {
		if name == user {
			remove = append(remove, step{"users", "ListUserIDs", "DeleteUsersBetween"})
			continue
		}
		k := m.byName(name)
		if len(k.Circular()) > 0 {
			detach = append(detach, step{k.Plural, "ListAttached" + k.GoName() + "IDs", "Detach" + k.GoPlural() + "Between"})
		}
		remove = append(remove, step{k.Plural, "List" + k.GoName() + "IDs", "Delete" + k.GoPlural() + "Between"})
	}
	return append(detach, remove...)
}
