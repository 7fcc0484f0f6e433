package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// utc matches a time with an offset in a text. MariaDB rejects the offset.
var utc = regexp.MustCompile(`('\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)\+00:00'`)

// forMySQL joins all changes of the schema to one DDL statement at the end. MySQL commits each DDL
// statement by itself, so that a section with two could end half done.
func forMySQL(s step, schema Schema, statements []located) ([]string, error) {
	var texts []string
	var ddl *located // the first DDL statement
	var d definition
	for _, st := range statements {
		if n, ok := st.statement.(native); ok && changesRows(n.text) {
			st.statement = rows(n)
		}
		if r, ok := st.statement.(rows); ok {
			if ddl != nil {
				return nil, s.errorf(st.line, "change rows before the schema: MySQL commits each DDL statement by itself")
			}
			texts = append(texts, utc.ReplaceAllString(r.text, "$1'"))
			continue
		}
		if _, ok := st.statement.(reading); ok {
			continue
		}
		if ddl == nil {
			ddl = &st
		}
		if !d.add(st.statement, schema) {
			return nil, s.errorf(st.line, "put this into another migration: it is a second DDL statement, which MySQL commits by itself")
		}
		if next, err := schema.apply(st.statement); err == nil {
			schema = next
		}
	}
	if ddl == nil {
		return texts, nil
	}
	return append(texts, d.text()), nil
}

func changesRows(text string) bool {
	return slices.ContainsFunc([]string{"INSERT ", "UPDATE ", "DELETE ", "SELECT "}, func(verb string) bool { return strings.HasPrefix(text, verb) })
}

// definition is a DDL statement that is being built.
type definition struct {
	table   string
	whole   string   // a complete statement that can't be extended
	created []string // the lines of a new table
	actions []string // the actions of ALTER TABLE
}

// add adds a statement to the definition. It reports false if that isn't possible.
func (d *definition) add(st statement, schema Schema) bool {
	if d.whole != "" {
		return false
	}
	isFirst := d.table == ""
	switch st := st.(type) {
	case native:
		d.table, d.whole = "native", st.text
		return isFirst
	case dropTable:
		d.table, d.whole = st.table, "DROP TABLE "+st.table
		return isFirst
	case createTable:
		d.table, d.created = st.Name, st.lines(MySQL)
		return isFirst
	case createIndex:
		if d.created != nil && d.table == st.Table {
			d.created = append(d.created, st.keyText())
			return true
		}
		return d.alter(st.Table, "ADD "+st.keyText())
	case dropIndex:
		i, _ := schema.index(st.name)
		return d.alter(i.Table, "DROP KEY "+st.name)
	case addColumn:
		return d.alter(st.table, "ADD COLUMN "+st.column.text(MySQL))
	case dropColumn:
		return d.alter(st.table, "DROP COLUMN "+st.column)
	case addConstraint:
		return d.alter(st.table, "ADD "+st.constraint.text())
	case dropConstraint:
		return d.alter(st.table, dropText(st.name))
	}
	return false
}

func (d *definition) alter(table, action string) bool {
	if d.table != "" && d.table != table || d.created != nil {
		return false
	}
	d.table = table
	d.actions = append(d.actions, action)
	return true
}

func dropText(constraint string) string {
	switch {
	case strings.HasSuffix(constraint, "_fkey"):
		return "DROP FOREIGN KEY " + constraint
	case strings.HasSuffix(constraint, "_key"):
		return "DROP KEY " + constraint
	}
	return "DROP CONSTRAINT " + constraint
}

func (d *definition) text() string {
	switch {
	case d.whole != "":
		return d.whole
	case d.created != nil:
		return Table{Name: d.table}.createText(d.created)
	case len(d.actions) == 1:
		return fmt.Sprintf("ALTER TABLE %s %s", d.table, d.actions[0])
	}
	return fmt.Sprintf("ALTER TABLE %s\n    %s", d.table, strings.Join(d.actions, ",\n    "))
}

func (i createIndex) keyText() string {
	unique := ""
	if i.Unique {
		unique = "UNIQUE "
	}
	return fmt.Sprintf("%sKEY %s (%s)", unique, i.Name, strings.Join(i.Columns, ", "))
}
