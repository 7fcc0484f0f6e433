// Package schema reads the migrations in sql/migrations, which are written once for all engines,
// and generates the migrations of each engine. Errors name file and line.
//
// A migration consists of SQL statements that end with a semicolon, and of these lines:
//
//	-- tenantry: down                        begins the statements that undo the migration
//	-- tenantry: only postgres, sqlite       begins statements for these engines only; any SQL is allowed
//	-- tenantry: all engines                 begins statements for all engines again
//	-- tenantry: unscoped_reading TABLE      queries named ...Unscoped may read the rows of all tenants
//	-- tenantry: scoped_reading TABLE        undoes unscoped_reading
//	-- tenantry: runs with older programs    see docs/adr/0020-upgrades.md
//
// Without `down`, or if the statements after it only change rows, the statements that undo the
// changes of the schema are generated.
//
// On PostgreSQL, a table with the column tenant_id gets row-level security, and a table with
// search_text gets a trigram index. A table with both gets a search view, which is created again
// when a column is added or dropped.
package schema

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// Engine is one of the three engines of internal/store.
type Engine string

// The engines. Each has a folder in gen/migrations.
const (
	Postgres Engine = "postgres"
	MySQL    Engine = "mysql"
	SQLite   Engine = "sqlite"
)

var engines = []Engine{Postgres, MySQL, SQLite}

// Schema has the tables after some migrations, by name.
type Schema map[string]Table

// Table is a table with its keys and indexes.
type Table struct {
	Name            string
	Columns         []Column
	Constraints     []Constraint
	Indexes         []Index
	UnscopedReading bool // queries named ...Unscoped may read it
}

// Column is a column of a table.
type Column struct {
	Name    string
	Type    Type
	NotNull bool
	Default string // an SQL expression; empty if there is none
}

// Constraint is a constraint of a table. The primary key has no name.
type Constraint struct {
	Name    string
	Columns []string // of a key or a foreign key
	Text    string

	References string // the table that a foreign key refers to
}

// Index is an index that isn't a constraint.
type Index struct {
	Name    string
	Table   string
	Columns []string
	Unique  bool
}

// IsTenants reports whether the rows belong to tenants.
func (t Table) IsTenants() bool { return t.has("tenant_id") }

// IsSearched reports whether the rows can be searched for text.
func (t Table) IsSearched() bool { return t.has("search_text") }

func (t Table) hasSearchView() bool { return t.IsTenants() && t.IsSearched() }

func (t Table) has(column string) bool {
	_, ok := t.Column(column)
	return ok
}

// Column returns the column with a name, and whether there is one.
func (t Table) Column(name string) (Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return Column{}, false
	}
	return t.Columns[i], true
}

// Tables returns the tables, ordered by name.
func (s Schema) Tables() []Table {
	return slices.SortedFunc(maps.Values(s), func(a, b Table) int { return cmp.Compare(a.Name, b.Name) })
}

// apply returns the schema after a statement.
func (s Schema) apply(st statement) (Schema, error) {
	after := maps.Clone(s)
	var err error
	switch st := st.(type) {
	case createTable:
		err = after.create(st.Table)
	case dropTable:
		_, err = after.table(st.table)
		delete(after, st.table)
	case createIndex:
		err = after.addIndex(Index(st))
	case dropIndex:
		err = after.dropIndex(st.name)
	case addColumn:
		err = after.addColumn(st)
	case dropColumn:
		err = after.dropColumn(st)
	case addConstraint:
		err = after.addConstraint(st)
	case dropConstraint:
		err = after.dropConstraint(st)
	case reading:
		err = after.change(st.table, func(t *Table) error { t.UnscopedReading = st.unscoped; return nil })
	}
	return after, err
}

func (s Schema) table(name string) (Table, error) {
	t, ok := s[name]
	if !ok {
		return t, fmt.Errorf("there is no table %s", name)
	}
	return t, nil
}

func (s Schema) change(name string, f func(*Table) error) error {
	t, err := s.table(name)
	if err != nil {
		return err
	}
	t.Columns, t.Constraints, t.Indexes = slices.Clone(t.Columns), slices.Clone(t.Constraints), slices.Clone(t.Indexes)
	err = f(&t)
	s[name] = t
	return err
}

func (s Schema) create(t Table) error {
	if _, ok := s[t.Name]; ok {
		return fmt.Errorf("the table %s exists already", t.Name)
	}
	for _, c := range t.Constraints {
		if err := t.check(c); err != nil {
			return err
		}
	}
	s[t.Name] = t
	return nil
}

func (s Schema) addIndex(i Index) error {
	return s.change(i.Table, func(t *Table) error {
		suffix := "_idx"
		if i.Unique {
			suffix = "_key"
		}
		if !strings.HasPrefix(i.Name, t.Name+"_") || !strings.HasSuffix(i.Name, suffix) {
			return fmt.Errorf("the index %s must be named %s_<columns>%s", i.Name, t.Name, suffix)
		}
		if i.Unique {
			if err := named(i.Name, t.Name, i.Columns, suffix); err != nil {
				return err
			}
		}
		t.Indexes = append(t.Indexes, i)
		return t.checkKey(i.Name, i.Columns)
	})
}

func (s Schema) dropIndex(name string) error {
	i, ok := s.index(name)
	if !ok {
		return fmt.Errorf("there is no index %s", name)
	}
	return s.change(i.Table, func(t *Table) error {
		t.Indexes = slices.DeleteFunc(t.Indexes, func(i Index) bool { return i.Name == name })
		return nil
	})
}

func (s Schema) index(name string) (Index, bool) {
	for _, t := range s {
		if n := slices.IndexFunc(t.Indexes, func(i Index) bool { return i.Name == name }); n >= 0 {
			return t.Indexes[n], true
		}
	}
	return Index{}, false
}

func (s Schema) addColumn(st addColumn) error {
	return s.change(st.table, func(t *Table) error {
		switch {
		case t.has(st.column.Name):
			return fmt.Errorf("%s already has a column %s", t.Name, st.column.Name)
		case st.column.NotNull && st.column.Default == "":
			return fmt.Errorf("%s would have no value in existing rows: allow NULL, or add a DEFAULT", st.column.Name)
		case st.column.Name == "tenant_id":
			return fmt.Errorf("tenant_id must be a column of %s from the beginning", t.Name)
		}
		t.Columns = append(t.Columns, st.column)
		return nil
	})
}

func (s Schema) dropColumn(st dropColumn) error {
	return s.change(st.table, func(t *Table) error {
		if !t.has(st.column) {
			return fmt.Errorf("%s has no column %s", t.Name, st.column)
		}
		for _, i := range t.Indexes {
			if slices.Contains(i.Columns, st.column) {
				return fmt.Errorf("drop the index %s first: SQLite can't drop a column that has an index", i.Name)
			}
		}
		for _, c := range t.Constraints {
			if slices.Contains(c.Columns, st.column) {
				return fmt.Errorf("%s is part of the constraint %s", st.column, c.Name)
			}
		}
		t.Columns = slices.DeleteFunc(t.Columns, func(c Column) bool { return c.Name == st.column })
		return nil
	})
}

func (s Schema) addConstraint(st addConstraint) error {
	return s.change(st.table, func(t *Table) error {
		t.Constraints = append(t.Constraints, st.constraint)
		return t.check(st.constraint)
	})
}

func (s Schema) dropConstraint(st dropConstraint) error {
	return s.change(st.table, func(t *Table) error {
		before := len(t.Constraints)
		t.Constraints = slices.DeleteFunc(t.Constraints, func(c Constraint) bool { return c.Name == st.name })
		if len(t.Constraints) == before {
			return fmt.Errorf("%s has no constraint %s", t.Name, st.name)
		}
		return nil
	})
}

// check returns an error if the name of a constraint isn't made from its columns. The program
// recognizes violations by this name on all engines.
func (t Table) check(c Constraint) error {
	switch {
	case strings.HasPrefix(c.Text, "UNIQUE "):
		if err := named(c.Name, t.Name, c.Columns, "_key"); err != nil {
			return err
		}
	case strings.HasPrefix(c.Text, "FOREIGN KEY "):
		if err := named(c.Name, t.Name, c.Columns, "_fkey"); err != nil {
			return err
		}
	}
	return t.checkKey(c.Name, c.Columns)
}

func named(name, table string, columns []string, suffix string) error {
	want := table + "_" + strings.Join(columns, "_") + suffix
	if suffix == "_fkey" {
		want = resource.Identifier(table, columns, "fkey")
	}
	if name != want {
		return fmt.Errorf("%s must be named %s", name, want)
	}
	return nil
}

// checkKey returns an error for columns that don't exist, and for texts that PostgreSQL wouldn't
// compare byte by byte.
func (t Table) checkKey(name string, columns []string) error {
	if len(name) > resource.MaxIdentifier {
		return fmt.Errorf("%s is longer than %d characters", name, resource.MaxIdentifier)
	}
	for _, column := range columns {
		c, ok := t.Column(column)
		if !ok {
			return fmt.Errorf("%s has no column %s", t.Name, column)
		}
		if c.Type.Name == "text" {
			return fmt.Errorf("%s is part of a key or an index: its type must be key(n) and not %s", column, c.Type)
		}
	}
	return nil
}

// equal reports whether two schemas have the same tables, columns, keys and indexes in any order.
func (s Schema) equal(other Schema) bool {
	return maps.EqualFunc(s, other, func(a, b Table) bool {
		return a.UnscopedReading == b.UnscopedReading && sameSet(a.Columns, b.Columns, func(c Column) string { return c.Name }) &&
			sameSet(a.Constraints, b.Constraints, func(c Constraint) string { return c.Name }) &&
			sameSet(a.Indexes, b.Indexes, func(i Index) string { return i.Name })
	})
}

func sameSet[T any](a, b []T, name func(T) string) bool {
	describe := func(list []T) []string {
		texts := make([]string, len(list))
		for i, v := range list {
			texts[i] = fmt.Sprintf("%s %+v", name(v), v)
		}
		slices.Sort(texts)
		return texts
	}
	return slices.Equal(describe(a), describe(b))
}
