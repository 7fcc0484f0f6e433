package schema

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// query is a named query of sqlc without comments.
type query struct {
	path string
	line int
	name string
	text string
}

func (q query) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s %w", q.path, q.line, q.name, fmt.Errorf(format, args...))
}

var (
	queryName   = regexp.MustCompile(`^-- name: (\w+) :`)
	queryTable  = regexp.MustCompile(`(?i)\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:searchable_)?(\w+)`)
	isScoped    = regexp.MustCompile(`(?i)\btenant_id\s*=\s*sqlc\.n?arg\(|INSERT\s+INTO\s+\w+\s*\(\s*tenant_id\b`)
	lineComment = regexp.MustCompile(`--.*`)
)

// CheckQueries returns an error for queries that may reach the rows of several tenants. A query on
// a table of tenants needs tenant_id in its conditions or values, or a name that ends in Unscoped.
// A table must have unscoped_reading if and only if an unscoped query reads it. The patterns select
// the files with queries.
func (s Schema) CheckQueries(patterns ...string) error {
	read := map[string]bool{}
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			return fmt.Errorf("no queries in %s, %w", pattern, err)
		}
		for _, file := range files {
			queries, err := readQueries(file)
			if err != nil {
				return err
			}
			for _, q := range queries {
				if err := s.checkQuery(q, read); err != nil {
					return err
				}
			}
		}
	}
	for _, t := range s.Tables() {
		if t.UnscopedReading && !read[t.Name] {
			return fmt.Errorf("%s has unscoped_reading, but no query named ...Unscoped reads it: undo it with scoped_reading in a migration", t.Name)
		}
	}
	return nil
}

// checkQuery checks a query. It adds the tables that an unscoped query reads to read.
func (s Schema) checkQuery(q query, read map[string]bool) error {
	unscoped := strings.HasSuffix(q.name, "Unscoped")
	for _, m := range queryTable.FindAllStringSubmatch(q.text, -1) {
		t := s[strings.ToLower(m[1])]
		switch {
		case !t.IsTenants():
		case !unscoped && !isScoped.MatchString(q.text):
			return q.errorf("reads or writes the table %s of tenants without tenant_id in its conditions or values; if that is intended, its name must end in Unscoped", t.Name)
		case unscoped && !t.UnscopedReading:
			return q.errorf("reads %s for all tenants: add `-- tenantry: unscoped_reading %[1]s` to a migration", t.Name)
		}
		read[t.Name] = read[t.Name] || unscoped
	}
	return nil
}

func readQueries(path string) ([]query, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read queries: %w", err)
	}
	var list []query
	for i, line := range strings.Split(string(text), "\n") {
		if m := queryName.FindStringSubmatch(line); m != nil {
			list = append(list, query{path: path, line: i + 1, name: m[1]})
		} else if len(list) > 0 {
			list[len(list)-1].text += lineComment.ReplaceAllString(line, "") + "\n"
		}
	}
	return list, nil
}
