package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
	"github.com/tenantry/tenantry/internal/tools/schema"
)

// model is the data of the templates that generate code for all resources together.
type model struct {
	Kinds []kind // each after those that it refers to
}

// kind is the data of the templates that generate code for one resource.
type kind struct {
	resource.Resource

	all   *model
	table schema.Table
}

func newModel(described []resource.Resource, tables schema.Schema) *model {
	m := &model{}
	for _, r := range described {
		m.Kinds = append(m.Kinds, kind{r, m, tables[r.Plural]})
	}
	return m
}

// check returns an error if two resources have the same Go name, or if a table doesn't fit its
// description.
func (m *model) check() error {
	types := map[string]string{}
	for _, k := range m.Kinds {
		if other := types[k.GoName()]; other != "" {
			return fmt.Errorf("%s:1: %s and %s have the same name in Go", k.File, k.Name, other)
		}
		types[k.GoName()] = k.Name
		if err := k.checkTable(); err != nil {
			return err
		}
	}
	return nil
}

// Packages returns the packages of the services, sorted and without duplicates.
func (m *model) Packages() []string {
	var packages []string
	for _, k := range m.Kinds {
		packages = append(packages, k.Package)
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}

// byName returns the kind with a name. It panics if no description has this name.
func (m *model) byName(name string) kind {
	return m.Kinds[slices.IndexFunc(m.Kinds, func(k kind) bool { return k.Name == name })]
}

// IsCompany reports whether the resource is the company, to which rows of other kinds belong.
func (k kind) IsCompany() bool { return k.Name == "company" }

// ParentField returns the Go name of the required, fixed field that names the company of a row; ""
// if there is none.
func (k kind) ParentField() string {
	if f, ok := k.Parent(); ok {
		return resource.GoName(f.Name)
	}
	return ""
}

// LabelField returns the Go name of the field that names a row in the audit trail.
func (k kind) LabelField() string { return resource.GoName(k.Label) }

// FieldList returns the fields with the methods that templates call.
func (k kind) FieldList() []field {
	fields := make([]field, len(k.Fields))
	for i, f := range k.Fields {
		fields[i] = field{f, k}
	}
	return fields
}

// Refs returns the fields that refer to other rows.
func (k kind) Refs() []field {
	return slices.DeleteFunc(k.FieldList(), func(f field) bool { return f.Type.Kind != resource.Ref })
}

// HasNameKey reports whether the table has a column for the name in lower case.
func (k kind) HasNameKey() bool {
	return slices.ContainsFunc(k.Columns(), func(c resource.Column) bool { return c.Name == resource.NameKey })
}

// Key is a unique key: its constraint, the JSON pointer and the text of the error when a value is
// taken.
type Key struct{ Constraint, Pointer, Taken string }

// UniqueKeys returns the unique keys.
func (k kind) UniqueKeys() []Key {
	var keys []Key
	for _, f := range k.Fields {
		if f.Unique == nil {
			continue
		}
		var within strings.Builder
		for _, name := range f.Unique[1:] {
			within.WriteString(" of this " + resource.Words(strings.TrimSuffix(name, "_id")))
		}
		keys = append(keys, Key{
			Constraint: resource.Identifier(k.Plural, append(slices.Clone(f.Unique), f.Name), "key"),
			Pointer:    "/" + f.Name,
			Taken:      fmt.Sprintf("%s%s with this %s exists already.", resource.Capitalized(k.ArticleWords()), within.String(), resource.Words(f.Name)),
		})
	}
	return keys
}
