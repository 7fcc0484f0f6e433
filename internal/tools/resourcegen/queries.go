package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
	"github.com/tenantry/tenantry/internal/tools/schema"
)

// LowerPlural returns the name of the list in Go, in lower case.
func (k kind) LowerPlural() string { return strings.ToLower(k.GoPlural()[:1]) + k.GoPlural()[1:] }

// ArticleWords returns the name of the kind with its article.
func (k kind) ArticleWords() string { return resource.WithArticle(k.Words()) }

// columns returns all columns in the order of the table, because Go converts its rows to parameters
// of the insert. Companies also count locks.
func (k kind) columns() []resource.Column {
	columns := k.Columns()
	if k.IsCompany() {
		columns = append(columns, resource.Column{Name: "lock_count", Type: resource.Type{Kind: resource.Int}})
	}
	place := func(c resource.Column) int {
		return slices.IndexFunc(k.table.Columns, func(of schema.Column) bool { return of.Name == c.Name })
	}
	slices.SortStableFunc(columns, func(a, b resource.Column) int { return cmp.Compare(place(a), place(b)) })
	return columns
}

// checkTable returns an error if the columns of the table aren't those that the description says.
func (k kind) checkTable() error {
	described := k.columns()
	for _, has := range k.table.Columns {
		i := slices.IndexFunc(described, func(c resource.Column) bool { return c.Name == has.Name })
		if i < 0 {
			return fmt.Errorf("%s:1: no field stands for the column %s of the table %s", k.File, has.Name, k.Plural)
		}
		if described[i].Null == has.NotNull {
			return fmt.Errorf("%s:%d: %s may be null: %t, and the table %s says otherwise", k.File, k.lineOf(has.Name), has.Name, described[i].Null, k.Plural)
		}
		described = slices.Delete(described, i, i+1)
	}
	if len(described) > 0 {
		missing := described[0].Name
		return fmt.Errorf("%s:%d: the table %s has no column %s: add it in a migration", k.File, k.lineOf(missing), k.Plural, missing)
	}
	return nil
}

// lineOf returns the line of the field with a column; 1 if no field has its name.
func (k kind) lineOf(column string) int {
	if f, ok := k.Field(column); ok {
		return f.Line
	}
	return 1
}

// InsertColumns returns the names of all columns.
func (k kind) InsertColumns() []string {
	var names []string
	for _, c := range k.columns() {
		names = append(names, c.Name)
	}
	return names
}

// InsertValues returns a parameter for each column.
func (k kind) InsertValues() []string {
	var values []string
	for _, c := range k.columns() {
		null := ""
		if c.Null {
			null = "n"
		}
		values = append(values, "sqlc."+null+"arg("+c.Name+")")
	}
	return values
}

// Orders returns the orders of the list, as its directive has them.
func (k kind) Orders() string {
	var orders []string
	for _, key := range k.Sort {
		column := resource.SortColumn(key)
		if column != key {
			column += " AS " + key
		}
		orders = append(orders, column)
	}
	return strings.Join(orders, ", ")
}
