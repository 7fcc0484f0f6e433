package main

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed statements.go.tmpl
var statementsTemplate string

// statement is what the program needs to know about a query with optional conditions.
type statement struct {
	Name             string
	Many             bool
	Postgres, SQLite []option
	Search           string // PostgreSQL's text if the parameter Pattern has a value
	Pattern          int
}

// option is an optional condition in the text that sqlc generated.
type option struct {
	Parameter   int
	Text, Given string
}

// statements returns all queries with optional conditions, ordered by name.
func (s sources) statements(folder string) ([]statement, error) {
	postgres, err := readTexts(filepath.Join(folder, "postgres"))
	if err != nil {
		return nil, err
	}
	sqlite, err := readTexts(filepath.Join(folder, "sqlite"))
	if err != nil {
		return nil, err
	}
	var all []statement
	for _, queries := range s {
		for _, source := range queries {
			for _, q := range source.queries(engines[0]) {
				made, err := source.statement(q, postgres[q.name], sqlite[q.name])
				if err != nil {
					return nil, err
				}
				if len(made.Postgres) > 0 {
					all = append(all, made)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b statement) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func (s source) statement(q query, postgres, sqlite string) (statement, error) {
	made := statement{Name: q.name, Many: q.kind == ":many"}
	for _, c := range s.conditions {
		if c.marker == counted {
			continue
		}
		inPostgres, err := c.find(postgres, `\$`)
		if err != nil {
			return made, s.errorf(c.from, "PostgreSQL's text of %s: %w", q.name, err)
		}
		inSQLite, err := c.find(sqlite, `\?`)
		if err != nil {
			return made, s.errorf(c.from, "SQLite's text of %s: %w", q.name, err)
		}
		made.Postgres, made.SQLite = append(made.Postgres, inPostgres), append(made.SQLite, inSQLite)
		if c.marker == search {
			made.Pattern = inPostgres.Parameter
			if made.Search, err = s.list.searching(postgres, inPostgres); err != nil {
				return made, s.errorf(c.from, "PostgreSQL's text of %s: %w", q.name, err)
			}
		}
	}
	return made, nil
}

// find returns the position of the condition in the text that sqlc generated. sign begins the
// engine's parameters.
func (c condition) find(text, sign string) (option, error) {
	before, after, _ := strings.Cut(c.text, parameter.FindString(c.text))
	pattern := regexp.MustCompile(`\(` + regexp.QuoteMeta(before) + sign + `(\d+)` + regexp.QuoteMeta(after) + ` OR ` + sign + `(\d+) IS NULL\)`)
	found := pattern.FindAllStringSubmatch(text, -1)
	if len(found) != 1 || found[0][1] != found[0][2] {
		return option{}, fmt.Errorf("sqlc's text must have the condition exactly once as %s", c.whenever())
	}
	number, err := strconv.Atoi(found[0][1])
	if err != nil {
		return option{}, err
	}
	given := strings.TrimSuffix(found[0][0], " OR "+sign[1:]+found[0][1]+" IS NULL)") + ")"
	return option{Parameter: number, Text: found[0][0], Given: given}, nil
}

// readTexts returns the texts of sqlc's queries in a folder, by name.
func readTexts(folder string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.sql.go"))
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return nil, fmt.Errorf("parse sqlc's queries: %w", err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			if text, err := strconv.Unquote(literal.Value); err == nil {
				if name, isQuery := strings.CutPrefix(text, "-- name: "); isQuery {
					name, _, _ = strings.Cut(name, " ")
					texts[name] = text
				}
			}
			return true
		})
	}
	return texts, nil
}
