package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/schema"
)

// sources are the queries, by the names of their files.
type sources map[string][]source

// source is a query with what its markers say.
type source struct {
	query

	list       *list // nil for a query that is none
	conditions []condition
	deferred   bool
}

// readSources reads the queries of all folders.
func readSources(tables schema.Schema, folders ...string) (sources, error) {
	files, err := readQueries(folders...)
	if err != nil {
		return nil, err
	}
	s := sources{}
	for name, queries := range files {
		for _, q := range queries {
			made, err := sourceOf(q, tables)
			if err != nil {
				return nil, err
			}
			s[name] = append(s[name], made)
		}
	}
	return s, nil
}

// rows is a comparison of rows, of which sqlc loses parameters.
var rows = regexp.MustCompile(`\(\w+(?:\.\w+)?(?:, *\w+(?:\.\w+)?)+\) *[<>]`)

func sourceOf(q query, tables schema.Schema) (source, error) {
	if at := rows.FindStringIndex(q.text); at != nil {
		return source{}, q.errorf(at[0], "a comparison of rows loses parameters; pages of a :list start where they should without one")
	}
	if q.kind == ":list" {
		l, err := listOf(q, tables)
		return source{query: q, list: &l, conditions: l.conditions}, err
	}
	if q.args != "" && q.args != "deferred" {
		return source{}, q.nameErrorf("%s may only have the word deferred behind it", q.kind)
	}
	conditions, err := conditionsOf(q)
	if err != nil {
		return source{}, err
	}
	for _, c := range conditions {
		if c.marker != optional {
			return source{}, q.errorf(c.from, "%s(...) has a meaning in a :list only", c.marker)
		}
	}
	made := source{query: q, conditions: conditions, deferred: q.args == "deferred"}
	if made.deferred {
		return made, checkDeferred(q, tables)
	}
	return made, nil
}

var insertion = regexp.MustCompile(`^INSERT INTO (\w+) `)

// checkDeferred refuses a deferred statement whose error has to be known at once. A broken
// reference to a row that has just been deleted makes the transaction start over, but only if it is
// the error of the statement itself. A tenant is never made anew.
func checkDeferred(q query, tables schema.Schema) error {
	m := insertion.FindStringSubmatch(q.text)
	if m == nil || q.kind != ":exec" {
		return q.nameErrorf("only INSERT with :exec can be deferred: the others return something")
	}
	into, known := tables[m[1]]
	if !known {
		return q.nameErrorf("no migration makes a table %s", m[1])
	}
	for _, c := range into.Constraints {
		if c.References != "" && c.References != "tenants" {
			return q.nameErrorf("it can't be deferred: %s refers to %s, and the retry after a broken reference would be lost", m[1], c.References)
		}
	}
	return nil
}

// deferred returns the names of the statements that are deferred.
func (s sources) deferred() []string {
	var names []string
	for _, queries := range s {
		for _, q := range queries {
			if q.deferred {
				names = append(names, q.name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// lists returns all lists, by their names.
func (s sources) lists() []*list {
	var lists []*list
	for _, queries := range s {
		for _, q := range queries {
			if q.list != nil {
				lists = append(lists, q.list)
			}
		}
	}
	slices.SortFunc(lists, func(a, b *list) int { return strings.Compare(a.name, b.name) })
	return lists
}

// queries returns what sqlc gets for an engine.
func (s source) queries(e engine) []query {
	if s.list != nil {
		return s.list.queries(e)
	}
	q := s.query
	q.text = strings.ReplaceAll(expand(q.text, s.conditions), "LIMIT "+namedLimit, "LIMIT "+e.limit)
	return []query{q}
}

// deriveQueries writes the queries of each engine into the folder <to>/<engine>/queries.
func deriveQueries(from sources, to string) error {
	for _, e := range engines {
		folder := filepath.Join(to, e.Name, "queries")
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("remove old queries: %w", err)
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("make folder for queries: %w", err)
		}
		for name, queries := range from {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(fileOf(queries, e)), 0o644); err != nil {
				return fmt.Errorf("write queries: %w", err)
			}
		}
	}
	return nil
}

func fileOf(queries []source, e engine) string {
	var parts []string
	for _, s := range queries {
		for _, q := range s.queries(e) {
			part := fmt.Sprintf("-- name: %s %s\n%s;\n", q.name, q.kind, q.text)
			if q.comment != "" {
				part = q.comment + "\n" + part
			}
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n")
}
