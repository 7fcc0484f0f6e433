package main

import (
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// What the template of the test asks for.

// reference is a field that refers to another row.
type reference struct {
	resource.Field

	Path string // of the list of what it refers to, below /api/v1
}

// Makes returns statements that make what a row refers to, in order, and the references to it.
func (v view) Makes() (made []string) {
	for _, entity := range v.needed() {
		made = append(made, entity+" := "+v.make(entity))
	}
	return made
}

// needed returns the entities that a row refers to, each after those that it needs itself.
func (v view) needed() []string {
	var names []string
	seen := map[string]bool{}
	var need func(entity string)
	need = func(entity string) {
		if seen[entity] || entity == v.Name {
			return
		}
		seen[entity] = true
		if r, ok := v.byName[entity]; ok {
			for _, f := range r.References() {
				if !f.Null && f.Ref != entity {
					need(f.Ref)
				}
			}
		}
		names = append(names, entity)
	}
	for _, f := range v.References() {
		need(f.Ref)
	}
	return names
}

// make returns the expression that makes a row of an entity for a test.
func (v view) make(entity string) string {
	switch entity {
	case "company":
		return "a.Company(t, tenantID)"
	case "branch":
		return "a.Branch(t, company)"
	case "department":
		return "a.Department(t, company)"
	case "user":
		return "a.User(t, tenantID, access.Viewer)"
	default:
		return fmt.Sprintf("a.Resource(t, tenantID, %q)", entity)
	}
}

// TestReferences returns the references to other resources.
func (v view) TestReferences() []reference {
	var list []reference
	for _, f := range v.References() {
		if f.Ref == v.Name {
			continue
		}
		path := "/users"
		if target, ok := v.byName[f.Ref]; ok {
			path = target.Path
		}
		list = append(list, reference{Field: f, Path: path})
	}
	return list
}

// Values returns the fields that aren't references, with their values in tests.
func (v view) Values() []value {
	var list []value
	for _, f := range v.Fields {
		if f.Type.Kind == resource.Ref || f.Type.Kind == resource.Address {
			continue
		}
		first, second := samples(f)
		list = append(list, value{f, first, second})
	}
	return list
}

type value struct {
	resource.Field

	First, Second sample
}

// InBody returns the value of the field in a request of the test. No two requests have the same one if it must be unique.
func (v value) InBody() string {
	switch {
	case v.Unique == nil:
		return v.First.Go
	case v.Type.Kind == resource.Email:
		return `apitest.Unique("person") + "@example.com"`
	case v.Type.Kind == resource.Code, v.Type.Kind == resource.Name, v.Type.Kind == resource.Text, v.Type.Kind == resource.Phone, v.Type.Kind == resource.URL:
		return `apitest.Unique("A")`
	default:
		return v.First.Go
	}
}

// Changes returns the values that an update changes.
func (v view) Changes() []value {
	return slices.DeleteFunc(v.Values(), func(v value) bool { return v.Fixed || v.Unique != nil })
}

// RequiredNames returns the fields without which nothing is created.
func (v view) RequiredNames() []string {
	var names []string
	for _, f := range v.Fields {
		if f.Required() {
			names = append(names, f.Name)
		}
	}
	return names
}
