package schema

import (
	"fmt"
	"regexp"
	"strings"
)

// statement is a change in a migration. An ALTER TABLE with several actions becomes several
// statements.
type statement interface{ isStatement() }

type (
	createTable struct{ Table }
	dropTable   struct{ table string }
	createIndex Index
	dropIndex   struct{ name string }
	addColumn   struct {
		table  string
		column Column
	}
	dropColumn    struct{ table, column string }
	addConstraint struct {
		table      string
		constraint Constraint
	}
	dropConstraint struct{ table, name string }
	reading        struct { // whether unscoped queries may read the table
		table    string
		unscoped bool
	}
	rows   struct{ text string } // an INSERT, UPDATE or DELETE
	native struct{ text string } // SQL for some engines
)

func (createTable) isStatement()    {}
func (dropTable) isStatement()      {}
func (createIndex) isStatement()    {}
func (dropIndex) isStatement()      {}
func (addColumn) isStatement()      {}
func (dropColumn) isStatement()     {}
func (addConstraint) isStatement()  {}
func (dropConstraint) isStatement() {}
func (reading) isStatement()        {}
func (rows) isStatement()           {}
func (native) isStatement()         {}

var (
	createTableForm    = regexp.MustCompile(`(?s)^CREATE TABLE (\w+) \((.*)\)$`)
	createIndexForm    = regexp.MustCompile(`^CREATE (UNIQUE )?INDEX (\w+) ON (\w+) \((\w+(?:, \w+)*)\)$`)
	dropTableForm      = regexp.MustCompile(`^DROP TABLE (\w+)$`)
	dropIndexForm      = regexp.MustCompile(`^DROP INDEX (\w+)$`)
	alterTableForm     = regexp.MustCompile(`(?s)^ALTER TABLE (\w+)\s+(.*)$`)
	rowsForm           = regexp.MustCompile(`^(?:INSERT INTO|UPDATE|DELETE FROM) `)
	columnForm         = regexp.MustCompile(`^(\w+)\s+(\w+(?:\([^)]*\))?)(?:\s+(NOT NULL))?(?:\s+DEFAULT\s+(\S+))?$`)
	keyForm            = regexp.MustCompile(`^(?:PRIMARY KEY|UNIQUE) \((\w+(?:, \w+)*)\)$`)
	foreignKeyForm     = regexp.MustCompile(`^FOREIGN KEY \((\w+(?:, \w+)*)\) REFERENCES (\w+) \(\w+(?:, \w+)*\)(?: ON UPDATE CASCADE)?(?: ON DELETE (?:CASCADE|SET NULL))?$`)
	deletes            = regexp.MustCompile(` ON DELETE (?:CASCADE|SET NULL)$`)
	checkForm          = regexp.MustCompile(`^CHECK \(.*\)$`)
	constraintForm     = regexp.MustCompile(`^CONSTRAINT (\w+) (.*)$`)
	dropColumnForm     = regexp.MustCompile(`^DROP COLUMN (\w+)$`)
	dropConstraintForm = regexp.MustCompile(`^DROP CONSTRAINT (\w+)$`)
)

// parseStatement returns an error for a statement that isn't portable.
func parseStatement(text string) ([]statement, error) {
	if rowsForm.MatchString(text) {
		return []statement{rows{text}}, nil
	}
	if m := createTableForm.FindStringSubmatch(text); m != nil {
		t, err := parseTable(m[1], m[2])
		return []statement{createTable{t}}, err
	}
	if m := createIndexForm.FindStringSubmatch(text); m != nil {
		return []statement{createIndex{Unique: m[1] != "", Name: m[2], Table: m[3], Columns: strings.Split(m[4], ", ")}}, nil
	}
	if m := dropTableForm.FindStringSubmatch(text); m != nil {
		return []statement{dropTable{m[1]}}, nil
	}
	if m := dropIndexForm.FindStringSubmatch(text); m != nil {
		return []statement{dropIndex{m[1]}}, nil
	}
	if m := alterTableForm.FindStringSubmatch(text); m != nil {
		return parseActions(m[1], m[2])
	}
	return nil, fmt.Errorf("this statement isn't allowed for all engines, see internal/tools/schema: %s", firstLine(text))
}

func firstLine(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return first
}

func parseTable(name, body string) (Table, error) {
	t := Table{Name: name}
	for _, part := range parts(body) {
		if strings.HasPrefix(part.text, "PRIMARY KEY") || strings.HasPrefix(part.text, "CONSTRAINT ") {
			c, err := parseConstraint(part.text)
			if err != nil {
				return t, part.error(err)
			}
			t.Constraints = append(t.Constraints, c)
			continue
		}
		c, err := parseColumn(part.text)
		if err != nil {
			return t, part.error(err)
		}
		t.Columns = append(t.Columns, c)
	}
	return t, nil
}

// part is an element of a list. line is the number of lines between the beginnings of the list and
// the element.
type part struct {
	text string
	line int
}

// lineError is an error in a later line of a statement.
type lineError struct {
	error

	line int
}

func (p part) error(err error) error { return lineError{err, p.line} }

// parts splits a list at its commas, except commas in parentheses and strings.
func parts(list string) []part {
	var found []part
	depth, from, quoted := 0, 0, false
	add := func(to int) {
		text := strings.TrimLeft(list[from:to], " \t\n")
		found = append(found, part{strings.TrimRight(text, " \t\n"), strings.Count(list[:to-len(text)], "\n")})
		from = to + 1
	}
	for i, r := range list {
		switch {
		case r == '\'':
			quoted = !quoted
		case quoted:
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			add(i)
		}
	}
	add(len(list))
	return found
}

func parseColumn(text string) (Column, error) {
	m := columnForm.FindStringSubmatch(text)
	if m == nil {
		return Column{}, fmt.Errorf("write a column like `name type NOT NULL DEFAULT value` or a constraint with its name, instead of: %s", text)
	}
	t, err := parseType(m[2])
	if err != nil {
		return Column{}, fmt.Errorf("column %s: %w", m[1], err)
	}
	return Column{Name: m[1], Type: t, NotNull: m[3] != "", Default: m[4]}, nil
}

func parseConstraint(text string) (Constraint, error) {
	c := Constraint{Text: text}
	if m := constraintForm.FindStringSubmatch(text); m != nil {
		c.Name, c.Text = m[1], m[2]
	}
	for _, form := range []*regexp.Regexp{keyForm, foreignKeyForm} {
		if m := form.FindStringSubmatch(c.Text); m != nil {
			c.Columns = strings.Split(m[1], ", ")
			if form == foreignKeyForm {
				c.References = m[2]
			}
			return c, nil
		}
	}
	if c.Name != "" && checkForm.MatchString(c.Text) {
		return c, nil
	}
	return c, fmt.Errorf("this constraint isn't allowed for all engines: %s", text)
}

func parseActions(table, actions string) ([]statement, error) {
	var list []statement
	for _, p := range parts(actions) {
		st, err := parseAction(table, p.text)
		if err != nil {
			return nil, err
		}
		list = append(list, st)
	}
	return list, nil
}

func parseAction(table, action string) (statement, error) {
	if m := dropColumnForm.FindStringSubmatch(action); m != nil {
		return dropColumn{table, m[1]}, nil
	}
	if m := dropConstraintForm.FindStringSubmatch(action); m != nil {
		return dropConstraint{table, m[1]}, nil
	}
	if text, ok := strings.CutPrefix(action, "ADD COLUMN "); ok {
		c, err := parseColumn(text)
		return addColumn{table, c}, err
	}
	if text, ok := strings.CutPrefix(action, "ADD "); ok && strings.HasPrefix(text, "CONSTRAINT ") {
		c, err := parseConstraint(text)
		return addConstraint{table, c}, err
	}
	return nil, fmt.Errorf("this action isn't allowed for all engines: %s", firstLine(action))
}
