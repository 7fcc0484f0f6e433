package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// query is one query of a source file.
type query struct {
	file    string
	line    int    // of its name
	comment string // the lines above the name
	name    string
	kind    string // ":one", ":list"
	args    string // what follows the kind
	text    string // the statement, without the semicolon
}

// errorf returns an error at a place in the text of the query.
func (q query) errorf(offset int, format string, args ...any) error {
	line := q.line + 1 + strings.Count(q.text[:offset], "\n")
	return fmt.Errorf("%s:%d: %s: %w", q.file, line, q.name, fmt.Errorf(format, args...))
}

// nameErrorf returns an error about the line that names the query.
func (q query) nameErrorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s: %w", q.file, q.line, q.name, fmt.Errorf(format, args...))
}

// readQueries returns the queries of all .sql files of the folders, by the names of the files. A
// folder may be missing.
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
					return nil, q.nameErrorf("there is a query of this name in %s:%d", other.file, other.line)
				}
				names[q.name] = q
			}
			if _, ok := files[filepath.Base(path)]; ok {
				return nil, fmt.Errorf("%s: another folder has a file of this name", path)
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

// readFile refuses text that isn't ASCII: sqlc's parser for SQLite mixes queries up after it,
// without an error.
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
			return nil, q.nameErrorf("there is no semicolon at the end of a line before the next query")
		case m != nil:
			q = &query{file: path, line: i + 1, comment: strings.TrimSpace(strings.Join(comment, "\n")), name: m[1], kind: m[2], args: m[3]}
			comment, text = nil, nil
		case q == nil && (strings.HasPrefix(line, "--") || strings.TrimSpace(line) == ""):
			comment = append(comment, line)
		case q == nil:
			return nil, fmt.Errorf("%s:%d: want -- name: <name> :<kind> before a statement", path, i+1)
		default:
			text = append(text, line)
			if strings.HasSuffix(strings.TrimRight(line, " "), ";") {
				q.text = strings.TrimRight(strings.Join(text, "\n"), " ;")
				queries, q = append(queries, *q), nil
			}
		}
	}
	if q != nil {
		return nil, q.nameErrorf("there is no semicolon at the end")
	}
	return queries, nil
}
