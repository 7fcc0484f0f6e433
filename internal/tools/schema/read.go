package schema

import (
	"fmt"
	"path/filepath"
	"slices"
)

// step is a migration for an engine, with the schema before and after it.
type step struct {
	migration

	before, after Schema
}

// Read returns the schema after all migrations in a folder.
func Read(folder string) (Schema, error) {
	steps, err := readSteps(folder, Postgres)
	if err != nil {
		return nil, err
	}
	return steps[len(steps)-1].after, nil
}

// readSteps reads and checks the migrations in a folder for an engine, oldest first.
func readSteps(folder string, e Engine) ([]step, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no migrations in %s, %w", folder, err)
	}
	var steps []step
	current := Schema{}
	for _, file := range files {
		m, err := readFile(file, e)
		if err != nil {
			return nil, err
		}
		if n := len(steps); n > 0 && steps[n-1].version == m.version {
			return nil, fmt.Errorf("%s has the number of %s", m.path, steps[n-1].path)
		}
		s := step{migration: m, before: current}
		if s, err = s.check(); err != nil {
			return nil, err
		}
		steps, current = append(steps, s), s.after
	}
	return steps, nil
}

// check applies the migration and undoes it. It completes the statements that undo it.
func (s step) check() (step, error) {
	var err error
	if s.after, err = s.walk(s.before, s.up); err != nil {
		return s, err
	}
	if s.compatible {
		if err := s.checkCompatible(); err != nil {
			return s, err
		}
	}
	if s.down, err = s.downStatements(); err != nil {
		return s, err
	}
	left, err := s.walk(s.after, s.down)
	if err != nil {
		return s, err
	}
	if !left.equal(s.before) {
		return s, s.errorf(1, "the statements after `-- tenantry: down` don't restore the schema")
	}
	return s, nil
}

func (s step) walk(from Schema, statements []located) (Schema, error) {
	for _, st := range statements {
		var err error
		if from, err = from.apply(st.statement); err != nil {
			return nil, s.errorf(st.line, "%w", err)
		}
	}
	return from, nil
}

func isRows(st located) bool {
	_, ok := st.statement.(rows)
	return ok
}

// downStatements returns the statements that undo the migration. If the written ones only change
// rows, they are followed by generated ones that undo the changes of the schema.
func (s step) downStatements() ([]located, error) {
	if slices.ContainsFunc(s.down, func(st located) bool { return !isRows(st) }) {
		return s.down, nil
	}
	down := slices.Clone(s.down)
	schema, undone := s.before, make([]located, 0, len(s.up))
	for _, st := range s.up {
		back, err := s.undo(schema, st.statement)
		if err != nil && (!s.hasDown || !isRows(st)) {
			return nil, s.errorf(st.line, "%w", err)
		}
		for _, b := range back {
			undone = append(undone, located{b, st.line})
		}
		if schema, err = schema.apply(st.statement); err != nil {
			return nil, s.errorf(st.line, "%w", err)
		}
	}
	slices.Reverse(undone)
	return append(down, undone...), nil
}

// undo returns the statement that undoes another one; none if dropping the table does that.
func (s step) undo(before Schema, st statement) ([]statement, error) {
	isNew := func(table string) bool { _, existed := s.before[table]; return !existed }
	switch st := st.(type) {
	case createTable:
		return []statement{dropTable{st.Name}}, nil
	case createIndex:
		if isNew(st.Table) {
			return []statement{}, nil
		}
		return []statement{dropIndex{st.Name}}, nil
	case addColumn:
		return []statement{dropColumn{st.table, st.column.Name}}, nil
	case addConstraint:
		return []statement{dropConstraint{st.table, st.constraint.Name}}, nil
	case reading:
		if isNew(st.table) {
			return []statement{}, nil
		}
		return []statement{reading{st.table, before[st.table].UnscopedReading}}, nil
	}
	return nil, fmt.Errorf("write the statements that undo this after a line `-- tenantry: down`")
}

// checkCompatible returns an error if older programs may fail after the migration, see
// docs/adr/0020-upgrades.md.
func (s step) checkCompatible() error {
	if _, ok := s.before["compatible_migrations"]; !ok {
		return s.errorf(1, "older programs don't know the mark `runs with older programs`: compatible_migrations doesn't exist yet")
	}
	for _, st := range s.up {
		if reason := s.incompatible(st.statement); reason != "" {
			return s.errorf(st.line, "older programs can't run with this migration: it %s", reason)
		}
	}
	return nil
}

// incompatible returns why older programs can't run after a statement; "" if they can.
func (s step) incompatible(st statement) string {
	existed := func(table string) bool { _, ok := s.before[table]; return ok }
	switch st := st.(type) {
	case createTable:
		for _, c := range st.Constraints {
			if foreignKeyForm.MatchString(c.Text) && !deletes.MatchString(c.Text) {
				return "blocks deletions by programs that don't know " + st.Name + ": write ON DELETE CASCADE or SET NULL"
			}
		}
		return ""
	case createIndex:
		if st.Unique && existed(st.Table) {
			return "makes columns unique"
		}
		return ""
	case addColumn: // apply has checked that an INSERT may omit it
		return ""
	case reading:
		if existed(st.table) {
			return "changes who can read " + st.table
		}
		return ""
	case rows:
		return "changes rows"
	case native:
		return "has SQL for one engine"
	}
	return "changes or removes something that they may use"
}
