package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// deriveQueries writes a copy of each file of queries into the folder <to>/<engine>/queries of each engine that has rules for it.
// It refuses text that isn't ASCII, because sqlc's SQLite parser then mixes up queries without a word.
func deriveQueries(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.sql"))
	if err != nil {
		return fmt.Errorf("list queries: %w", err)
	}
	if len(files) == 0 {
		return fmt.Errorf("no queries in %s", from)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read queries: %w", err)
		}
		if i := bytes.IndexFunc(text, func(r rune) bool { return r > 127 }); i >= 0 {
			return fmt.Errorf("%s: line %d: not ASCII", file, 1+bytes.Count(text[:i], []byte("\n")))
		}
		if err := checkPlaces(string(text)); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		texts[filepath.Base(file)] = string(text)
	}
	for engine, derive := range map[string]func(string) string{"postgres": forPostgres, "mysql": forMySQL} {
		if err := writeQueries(filepath.Join(to, engine, "queries"), texts, derive); err != nil {
			return err
		}
	}
	return nil
}

func writeQueries(folder string, texts map[string]string, derive func(string) string) error {
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("remove old queries: %w", err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make folder for queries: %w", err)
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(derive(text)), 0o644); err != nil {
			return fmt.Errorf("write queries: %w", err)
		}
	}
	return nil
}

// place is the condition of a page that starts after a row. The first half is implied by the second and says only what types
// the parameters have: sqlc takes those of a row for those of its first column.
//
//	(key > arg OR id > arg) AND (key, id) > (arg, arg)
var place = regexp.MustCompile(
	`\((\w+) ([<>]) sqlc\.arg\((\w+)\) OR id ([<>]) sqlc\.arg\((\w+)\)\) AND \((\w+), id\) ([<>]) \(sqlc\.arg\((\w+)\), sqlc\.arg\((\w+)\)\)`)

// half is what looks like half a place, wherever it stands.
var half = regexp.MustCompile(`\(\w+, id\) *[<>]|\bOR id [<>] `)

// checkPlaces refuses what looks like a place and isn't one, and a place whose halves say different things.
func checkPlaces(text string) error {
	places := place.FindAllStringSubmatch(text, -1)
	if halves := half.FindAllString(text, -1); len(halves) != 2*len(places) {
		return fmt.Errorf("the start of a page must be written (key > arg OR id > arg) AND (key, id) > (arg, arg): %d times it isn't", len(halves)-2*len(places))
	}
	for _, p := range places {
		first, second := []string{p[1], p[2], p[3], p[4], p[5]}, []string{p[6], p[7], p[8], p[7], p[9]}
		if strings.Join(first, " ") != strings.Join(second, " ") {
			return fmt.Errorf("the halves differ: %s", p[0])
		}
	}
	return nil
}

// forPostgres leaves the first half of a place out, because the planner would take it for a condition that lets fewer rows
// through. The types are then casts.
func forPostgres(text string) string {
	return place.ReplaceAllStringFunc(text, func(match string) string {
		p := place.FindStringSubmatch(match)
		kind := "text"
		if strings.HasSuffix(p[1], "_at") {
			kind = "timestamptz"
		}
		return fmt.Sprintf("(%s, id) %s (sqlc.arg(%s)::%s, sqlc.arg(%s)::uuid)", p[1], p[2], p[3], kind, p[5])
	})
}

// namedLimit is refused by sqlc's MySQL parser. A bare placeholder there still becomes a field named Limit.
var namedLimit = regexp.MustCompile(`LIMIT sqlc\.arg\('limit'\)`)

// forMySQL writes a place as two ranges of the index. MySQL and MariaDB look for no range in a comparison of rows, and sqlc
// loses its parameters.
func forMySQL(text string) string {
	text = place.ReplaceAllString(text, "($1 $2 sqlc.arg($3) OR ($1 = sqlc.arg($3) AND id $2 sqlc.arg($5)))")
	return namedLimit.ReplaceAllString(text, "LIMIT ?")
}
