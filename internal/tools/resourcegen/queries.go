package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
	"github.com/tenantry/tenantry/internal/tools/schema"
)

// LowerPlural returns the plural for unexported names in Go.
func (k kind) LowerPlural() string { return strings.ToLower(k.GoPlural()[:1]) + k.GoPlural()[1:] }

// ArticleWords returns the name with "a" or "an" before it.
func (k kind) ArticleWords() string { return resource.WithArticle(k.Words()) }

// columns returns all columns in the order of the table. The generated Go code converts a row to
// the parameters of the insert, so both must have the same order. Companies have lock_count too.
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

// checkTable returns an error if the columns of the table differ from those that the description
// needs.
func (k kind) checkTable() error {
	described := k.columns()
	for _, has := range k.table.Columns {
		i := slices.IndexFunc(described, func(c resource.Column) bool { return c.Name == has.Name })
		if i < 0 {
			return fmt.Errorf("%s:1: the column %s of the table %s has no field in the description", k.File, has.Name, k.Plural)
		}
		if described[i].Null == has.NotNull {
			return fmt.Errorf("%s:%d: %s has null: %t in the description, but not in the table %s", k.File, k.lineOf(has.Name), has.Name, described[i].Null, k.Plural)
		}
		described = slices.Delete(described, i, i+1)
	}
	if len(described) > 0 {
		missing := described[0].Name
		return fmt.Errorf("%s:%d: the table %s has no column %s: add it with a migration", k.File, k.lineOf(missing), k.Plural, missing)
	}
	return nil
}

// lineOf returns the line of the field that has a column's name; 1 if there is none.
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

// InsertValues returns a sqlc parameter for each column.
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

// Orders returns the orders of the list in the notation of the directive :list.
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
