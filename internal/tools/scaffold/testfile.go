package main

import (
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// These methods are called by the template of the test.

// reference is a field that refers to another row.
type reference struct {
	resource.Field

	Path string // of the list of the referred resource, below /api/v1
	Make string // the expression that creates a row to refer to, a new one for each field
}

// TestReferences returns the references to other resources.
func (v view) TestReferences() []reference {
	var list []reference
	seen := map[string]bool{}
	for _, f := range v.References() {
		if f.Ref == v.Name {
			continue
		}
		path := "/users"
		if target, ok := v.byName[f.Ref]; ok {
			path = target.Path
		}
		source := fmt.Sprintf("family.Member(t, %q)", f.Ref)
		if seen[f.Ref] {
			source = fmt.Sprintf("family.Add(t, %q, apitest.RequiredFields)", f.Ref)
		}
		seen[f.Ref] = true
		list = append(list, reference{Field: f, Path: path, Make: source})
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

// InBody returns the value of the field in a request of the test. Values of unique fields differ
// between requests.
func (v value) InBody() string {
	switch {
	case v.Unique == nil:
		return v.First.Go
	case v.Type.Kind == resource.Email:
		return `apitest.Unique("person") + "@example.com"`
	case v.Type.Kind == resource.Code, v.Type.Kind == resource.Name, v.Type.Kind == resource.Text, v.Type.Kind == resource.Phone, v.Type.Kind == resource.URL:
		return `apitest.Unique("A")`
	case v.Type.Kind == resource.Int:
		return "apitest.UniqueNumber()"
	case v.Type.Kind == resource.Date:
		return "apitest.UniqueTime().Format(time.DateOnly)"
	case v.Type.Kind == resource.Time:
		return `apitest.UniqueTime().Format("2006-01-02T15:04:05.000000Z")`
	default:
		return v.First.Go
	}
}

// UsesTime reports whether the test has a unique date.
func (v view) UsesTime() bool {
	return slices.ContainsFunc(v.Fields, func(f resource.Field) bool { return f.Type.Kind == resource.Date && f.Unique != nil })
}

// Changes returns the values that an update in the test changes.
func (v view) Changes() []value {
	return slices.DeleteFunc(v.Values(), func(v value) bool { return v.Fixed || v.Unique != nil })
}

// RequiredNames returns the names of the required fields.
func (v view) RequiredNames() []string {
	var names []string
	for _, f := range v.Fields {
		if f.Required() {
			names = append(names, f.Name)
		}
	}
	return names
}
