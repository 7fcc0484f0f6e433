package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// query is a query of a source file.
type query struct {
	file    string
	line    int    // of its name
	comment string // the lines above the name
	name    string
	kind    string // ":one", ":list"
	args    string // the rest of the line after the kind
	text    string // the statement, without the semicolon
}

// errorf returns an error at an offset in the text of the query.
func (q query) errorf(offset int, format string, args ...any) error {
	line := q.line + 1 + strings.Count(q.text[:offset], "\n")
	return fmt.Errorf("%s:%d: %s: %w", q.file, line, q.name, fmt.Errorf(format, args...))
}

// nameErrorf returns an error at the line with the name of the query.
func (q query) nameErrorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s: %w", q.file, q.line, q.name, fmt.Errorf(format, args...))
}

// readQueries returns the queries in all .sql files of some folders, by file name. A missing folder
// is ignored.
func readQueries(folders ...string) (map[string][]query, error) {
	files, names := map[string][]query{}, map[string]query{}
	for _, folder := range folders {
		paths, err := filepath.Glob(filepath.Join(folder, "*.sql"))
		if err != nil {
			return nil, fmt.Errorf("list queries: %w", err)
		}
		for _, path := range paths {
			queries, err := readFile(path)
			if err != nil {
				return nil, err
			}
			for _, q := range queries {
				if other, ok := names[q.name]; ok {
					return nil, q.nameErrorf("%s:%d has a query of this name too", other.file, other.line)
				}
				names[q.name] = q
			}
			if _, ok := files[filepath.Base(path)]; ok {
				return nil, fmt.Errorf("%s: another folder has a file with this name", path)
			}
			files[filepath.Base(path)] = queries
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no queries in %s", strings.Join(folders, ", "))
	}
	return files, nil
}

var queryName = regexp.MustCompile(`^-- name: (\w+) (:\w+)(?: (.*))?$`)

// readFile returns the queries of a file. It rejects text that isn't ASCII: sqlc's SQLite parser
// silently confuses the queries after it.
func readFile(path string) ([]query, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read queries: %w", err)
	}
	if i := bytes.IndexFunc(content, func(r rune) bool { return r > 127 }); i >= 0 {
		return nil, fmt.Errorf("%s:%d: not ASCII", path, 1+bytes.Count(content[:i], []byte("\n")))
	}
	var queries []query
	var comment, text []string
	var q *query
	for i, line := range strings.Split(string(content), "\n") {
		m := queryName.FindStringSubmatch(line)
		switch {
		case m != nil && q != nil:
			return nil, q.nameErrorf("the query must end with a semicolon at the end of a line")
		case m != nil:
			q = &query{file: path, line: i + 1, comment: strings.TrimSpace(strings.Join(comment, "\n")), name: m[1], kind: m[2], args: m[3]}
			comment, text = nil, nil
		case q == nil && (strings.HasPrefix(line, "--") || strings.TrimSpace(line) == ""):
			comment = append(comment, line)
		case q == nil:
			return nil, fmt.Errorf("%s:%d: write -- name: <name> :<kind> before each statement", path, i+1)
		default:
			text = append(text, line)
			if strings.HasSuffix(strings.TrimRight(line, " "), ";") {
				q.text = strings.TrimRight(strings.Join(text, "\n"), " ;")
				queries, q = append(queries, *q), nil
			}
		}
	}
	if q != nil {
		return nil, q.nameErrorf("the query must end with a semicolon")
	}
	return queries, nil
}
