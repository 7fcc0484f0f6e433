package main

import (
	"regexp"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/schema"
)

// column is a column of a table, with its type in PostgreSQL.
type column struct {
	name    string
	kind    string // "varchar(200)"
	notNull bool
}

// table is a table with its columns, by name, and the tables that its foreign keys refer to.
type table struct {
	columns    map[string]column
	references []string
}

// catalogue is all tables, by name.
type catalogue map[string]*table

var foreignKey = regexp.MustCompile(`^FOREIGN KEY \([^)]*\) REFERENCES (\w+)`)

func newCatalogue(s schema.Schema) catalogue {
	all := catalogue{}
	for _, t := range s.Tables() {
		made := &table{columns: map[string]column{}}
		for _, c := range t.Columns {
			kind, _, _ := strings.Cut(c.Type.For(schema.Postgres), " COLLATE")
			made.columns[c.Name] = column{c.Name, kind, c.NotNull}
		}
		for _, c := range t.Constraints {
			if m := foreignKey.FindStringSubmatch(c.Text); m != nil {
				made.references = append(made.references, m[1])
			}
		}
		all[t.Name] = made
	}
	return all
}
