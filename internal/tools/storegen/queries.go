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

// sources are the queries, by file name.
type sources map[string][]source

// source is a query with its parsed markers.
type source struct {
	query

	list       *list // nil if the query isn't a :list
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

// rows matches a comparison of rows, whose parameters sqlc partly ignores.
var rows = regexp.MustCompile(`\(\w+(?:\.\w+)?(?:, *\w+(?:\.\w+)?)+\) *[<>]`)

func sourceOf(q query, tables schema.Schema) (source, error) {
	if at := rows.FindStringIndex(q.text); at != nil {
		return source{}, q.errorf(at[0], "sqlc loses parameters of a comparison of rows; a :list needs none, because storegen adds the start of pages")
	}
	if q.kind == ":list" {
		l, err := listOf(q, tables)
		return source{query: q, list: &l, conditions: l.conditions}, err
	}
	if q.args != "" && q.args != "deferred" {
		return source{}, q.nameErrorf("only the word deferred may follow %s", q.kind)
	}
	conditions, err := conditionsOf(q)
	if err != nil {
		return source{}, err
	}
	for _, c := range conditions {
		if c.marker != optional {
			return source{}, q.errorf(c.from, "%s(...) can be used in a :list only", c.marker)
		}
	}
	made := source{query: q, conditions: conditions, deferred: q.args == "deferred"}
	if made.deferred {
		return made, checkDeferred(q, tables)
	}
	return made, nil
}

var insertion = regexp.MustCompile(`^INSERT INTO (\w+) `)

// checkDeferred returns an error for a deferred statement that may violate a foreign key. A
// transaction is retried after a foreign key violation, because the referred row may just have been
// deleted; but only if the statement itself returns the error. References to tenants are allowed,
// because a deleted tenant isn't created again.
func checkDeferred(q query, tables schema.Schema) error {
	m := insertion.FindStringSubmatch(q.text)
	if m == nil || q.kind != ":exec" {
		return q.nameErrorf("only INSERT with :exec can be deferred: other statements return a result")
	}
	into, known := tables[m[1]]
	if !known {
		return q.nameErrorf("no migration creates the table %s", m[1])
	}
	for _, c := range into.Constraints {
		if c.References != "" && c.References != "tenants" {
			return q.nameErrorf("it can't be deferred: %s refers to %s, and a foreign key violation must be known at once", m[1], c.References)
		}
	}
	return nil
}

// deferred returns the names of the deferred statements.
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

// lists returns all lists, ordered by name.
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

// queries returns the queries that sqlc gets for an engine.
func (s source) queries(e engine) []query {
	if s.list != nil {
		return s.list.queries(e)
	}
	q := s.query
	q.text = strings.ReplaceAll(expand(q.text, s.conditions), "LIMIT "+namedLimit, "LIMIT "+e.limit)
	return []query{q}
}

// deriveQueries writes the queries of each engine to <to>/<engine>/queries.
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
