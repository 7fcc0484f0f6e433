package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// column is a column of a table, with its type in PostgreSQL.
type column struct {
	name    string
	kind    string // "varchar(200)"
	notNull bool
}

// schema is the columns of each table, by name.
type schema map[string]map[string]column

var (
	schemaComment = regexp.MustCompile(`--.*`)
	createTable   = regexp.MustCompile(`(?s)^CREATE TABLE (?:IF NOT EXISTS )?(\w+) \((.*)\)$`)
	alterTable    = regexp.MustCompile(`(?s)^ALTER TABLE (\w+)\s+(.*)$`)
	addColumn     = regexp.MustCompile(`(?s)^ADD COLUMN (?:IF NOT EXISTS )?(.*)$`)
	dropColumn    = regexp.MustCompile(`^DROP COLUMN (?:IF EXISTS )?(\w+)`)
	alterNull     = regexp.MustCompile(`^ALTER COLUMN (\w+) (SET|DROP) NOT NULL$`)
	noColumn      = regexp.MustCompile(`^(?:CONSTRAINT \w+ )?(?:PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK|EXCLUDE)\b`)
	columnKind    = regexp.MustCompile(`^(\w+)\s+(double precision|\w+(?:\(\d+(?:, *\d+)?\))?)`)
)

// readSchema reads the migrations of PostgreSQL in a folder, in the order of their names.
func readSchema(folder string) (schema, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no migrations in %s", folder)
	}
	s := schema{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		up, _, _ := strings.Cut(string(content), "-- +goose Down")
		for statement := range strings.SplitSeq(schemaComment.ReplaceAllString(up, ""), ";") {
			if err := s.apply(strings.TrimSpace(statement)); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return s, nil
}

// apply changes the schema as a statement does. Statements about other things than columns change nothing.
func (s schema) apply(statement string) error {
	if m := createTable.FindStringSubmatch(statement); m != nil {
		s[m[1]] = map[string]column{}
		for _, item := range splitList(m[2]) {
			if noColumn.MatchString(item) {
				continue
			}
			if err := s.add(m[1], item); err != nil {
				return err
			}
		}
		return nil
	}
	m := alterTable.FindStringSubmatch(statement)
	if m == nil {
		return nil
	}
	for _, action := range splitList(m[2]) {
		if err := s.alter(m[1], action); err != nil {
			return err
		}
	}
	return nil
}

func (s schema) alter(table, action string) error {
	if m := addColumn.FindStringSubmatch(action); m != nil {
		return s.add(table, m[1])
	}
	if m := dropColumn.FindStringSubmatch(action); m != nil {
		delete(s[table], m[1])
		return nil
	}
	if m := alterNull.FindStringSubmatch(action); m != nil {
		c := s[table][m[1]]
		c.notNull = m[2] == "SET"
		s[table][m[1]] = c
		return nil
	}
	if strings.Contains(action, " COLUMN ") {
		return fmt.Errorf("table %s: storegen doesn't know what this does to a column: %s", table, action)
	}
	return nil
}

func (s schema) add(table, definition string) error {
	m := columnKind.FindStringSubmatch(definition)
	if m == nil || s[table] == nil {
		return fmt.Errorf("table %s: storegen doesn't understand the column: %s", table, definition)
	}
	s[table][m[1]] = column{name: m[1], kind: m[2], notNull: strings.Contains(definition, " NOT NULL") || strings.Contains(definition, " PRIMARY KEY")}
	return nil
}

// splitList splits at the commas that are not in parentheses.
func splitList(text string) []string {
	var items []string
	depth, from := 0, 0
	for i, r := range text {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			items = append(items, strings.TrimSpace(text[from:i]))
			from = i + 1
		}
	}
	return append(items, strings.TrimSpace(text[from:]))
}
