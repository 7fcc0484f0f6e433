package main

import (
	"bytes"
	"embed"
	"fmt"
	"go/format"
	"slices"
	"strings"
	"text/template"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

//go:embed templates
var templates embed.FS

// view is the data of the templates for a resource.
type view struct {
	resource.Resource

	byName     map[string]resource.Resource // every described resource
	operations map[string]string            // the result of readOperations
}

func newView(r resource.Resource, all []resource.Resource, operations map[string]string) view {
	v := view{r, map[string]resource.Resource{}, operations}
	for _, other := range all {
		v.byName[other.Name] = other
	}
	return v
}

func parseTemplates() (*template.Template, error) {
	pages, err := template.New("").Funcs(template.FuncMap{
		"capitalized": resource.Capitalized, "withArticle": resource.WithArticle,
	}).ParseFS(templates, "templates/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	return pages, nil
}

func (v view) render(pages *template.Template, name string) ([]byte, error) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, name, v); err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	if !strings.HasSuffix(name, ".go.tmpl") {
		return out.Bytes(), nil
	}
	source, err := format.Source(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("format %s: %w", name, err)
	}
	return source, nil
}

// table returns the table that a reference refers to.
func (v view) table(ref string) string {
	if target, ok := v.byName[ref]; ok {
		return target.Plural
	}
	return ref + "s" // users
}

// constraint is a unique key or a foreign key.
type constraint struct{ Name, Definition string }

// Constraints returns the unique and foreign keys of the table.
func (v view) Constraints() []constraint {
	var all []constraint
	unique := func(columns []string) {
		all = append(all, constraint{resource.Identifier(v.Plural, columns, "key"), "UNIQUE (" + strings.Join(columns, ", ") + ")"})
	}
	for _, key := range v.UniqueKeys() {
		unique(key)
	}
	if parent, ok := v.Parent(); ok {
		unique([]string{resource.TenantID, parent.Name, resource.ID}) // for references between rows of the same company
	}
	refer := func(columns []string, table string, to []string) {
		all = append(all, constraint{
			resource.Identifier(v.Plural, columns, "fkey"),
			fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s (%s)", strings.Join(columns, ", "), table, strings.Join(to, ", ")),
		})
	}
	if !slices.ContainsFunc(v.References(), func(f resource.Field) bool { return !f.Null }) {
		refer([]string{resource.TenantID}, "tenants", []string{resource.ID})
	}
	for _, f := range v.References() {
		columns := v.ForeignKey(f)
		to := append(slices.Clone(columns[:len(columns)-1]), resource.ID)
		refer(columns, v.table(f.Ref), to)
	}
	return all
}

// index is an index of the table.
type index struct{ Name, Columns string }

// Indexes returns the indexes that lists and foreign keys need: one for each order, and one for
// each filter with each order. An index is left out if a unique key begins with its columns.
func (v view) Indexes() []index {
	var all []index
	add := func(columns ...string) {
		named := columns
		if columns[len(columns)-1] == resource.ID {
			named = columns[:len(columns)-1]
		} else if v.isIndexed(columns) {
			return
		}
		all = append(all, index{resource.Identifier(v.Plural, named, "idx"), strings.Join(columns, ", ")})
	}
	for _, key := range v.Sort {
		add(resource.TenantID, resource.SortColumn(key), resource.ID)
	}
	for _, filter := range v.filterColumns() {
		for _, key := range v.Sort {
			if column := resource.SortColumn(key); column != filter {
				add(resource.TenantID, filter, column, resource.ID)
			}
		}
	}
	for _, f := range v.References() {
		add(v.ForeignKey(f)...)
	}
	return all
}

// filterColumns returns the columns of filters, without those whose values are unique.
func (v view) filterColumns() []string {
	var columns []string
	for _, f := range v.Fields {
		if f.Filter && len(f.Unique) != 1 {
			columns = append(columns, f.Name)
		}
		for _, part := range f.Parts.Filter {
			columns = append(columns, resource.AddressColumn(part))
		}
	}
	return columns
}

// isIndexed reports whether a key or the index of a filter begins with these columns.
func (v view) isIndexed(columns []string) bool {
	keys := v.UniqueKeys()
	for _, filter := range v.filterColumns() {
		keys = append(keys, []string{resource.TenantID, filter})
	}
	return slices.ContainsFunc(keys, func(key []string) bool {
		return len(key) >= len(columns) && slices.Equal(key[:len(columns)], columns)
	})
}
