package main

import (
	"strings"

	"github.com/tenantry/tenantry/internal/tools/schema"
)

// column is a column of a table, with its type in PostgreSQL.
type column struct {
	name    string
	kind    string // "varchar(200)"
	notNull bool
}

// catalogue is the columns of each table, by name.
type catalogue map[string]map[string]column

func newCatalogue(s schema.Schema) catalogue {
	tables := catalogue{}
	for _, t := range s.Tables() {
		tables[t.Name] = map[string]column{}
		for _, c := range t.Columns {
			kind, _, _ := strings.Cut(c.Type.For(schema.Postgres), " COLLATE")
			tables[t.Name][c.Name] = column{c.Name, kind, c.NotNull}
		}
	}
	return tables
}
