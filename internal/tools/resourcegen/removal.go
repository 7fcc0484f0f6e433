package main

import (
	"slices"

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

// Dependants returns the fields of others that refer to the kind, but for those that its service
// cares for.
func (k kind) Dependants() []field { return k.all.dependants(k.Name) }

// dependants has those kinds first that refer to others, and references that take rows along before
// others: so a row isn't changed just before it is deleted.
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

// Circular returns the columns that are set to null before the rows of a tenant are deleted: they
// refer to rows of the same kind, or to what is deleted before.
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
// refer to companies, branches and departments, so they go before these, and after all that refers
// to them alone.
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
		other := m.byName(name)
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
		k := m.byName(name)
		if len(k.Circular()) > 0 {
			detach = append(detach, step{k.Plural, "ListAttached" + k.GoName() + "IDs", "Detach" + k.GoPlural() + "Between"})
		}
		remove = append(remove, step{k.Plural, "List" + k.GoName() + "IDs", "Delete" + k.GoPlural() + "Between"})
	}
	return append(detach, remove...)
}
