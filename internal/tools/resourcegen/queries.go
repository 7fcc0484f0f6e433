package main

import (
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// LowerPlural returns the name of the list in Go, in lower case.
func (k kind) LowerPlural() string { return strings.ToLower(k.GoPlural()[:1]) + k.GoPlural()[1:] }

// ArticleWords returns the name of the kind with its article.
func (k kind) ArticleWords() string { return strings.ToLower(k.Article()[:1]) + k.Article()[1:] }

// columns returns all columns of the table. Those of companies count locks, too.
func (k kind) columns() []resource.Column {
	columns := k.Columns()
	if k.IsCompany() {
		columns = append(columns, resource.Column{Name: "lock_count", Type: resource.Type{Kind: resource.Int}})
	}
	return columns
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
