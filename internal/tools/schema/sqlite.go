package schema

import "fmt"

func forSQLite(s step, schema Schema, statements []located) ([]string, error) {
	var texts []string
	for _, st := range statements {
		line := st.line
		switch st := st.statement.(type) {
		case createTable:
			texts = append(texts, st.createText(st.lines(SQLite)))
		case dropTable:
			texts = append(texts, "DROP TABLE "+st.table)
		case createIndex:
			_, exists := schema[st.Table]
			texts = append(texts, st.text(exists))
		case dropIndex:
			texts = append(texts, "DROP INDEX "+st.name)
		case addColumn:
			texts = append(texts, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s", st.table, st.column.text(SQLite)))
		case dropColumn:
			texts = append(texts, fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", st.table, st.column))
		case rows:
			texts = append(texts, st.text)
		case native:
			texts = append(texts, st.text)
		case addConstraint, dropConstraint:
			return nil, s.errorf(line, "SQLite can't change constraints: put this after a line `-- tenantry: only postgres, mysql`, and for SQLite write the constraint in CREATE TABLE")
		}
	}
	return texts, nil
}
