package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// namedLimit is the one construct that sqlc's MySQL parser refuses. A bare
// placeholder there still becomes a field named Limit.
var namedLimit = regexp.MustCompile(`LIMIT sqlc\.arg\('limit'\)`)

// deriveQueries writes MySQL's copy of each file of queries. It refuses text that
// isn't ASCII, because sqlc's SQLite parser then mixes up queries without a word.
func deriveQueries(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.sql"))
	if err != nil {
		return fmt.Errorf("list queries: %w", err)
	}
	if len(files) == 0 {
		return fmt.Errorf("no queries in %s", from)
	}
	derived := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read queries: %w", err)
		}
		if i := bytes.IndexFunc(text, func(r rune) bool { return r > 127 }); i >= 0 {
			return fmt.Errorf("%s: line %d: not ASCII", file, 1+bytes.Count(text[:i], []byte("\n")))
		}
		derived[filepath.Base(file)] = namedLimit.ReplaceAll(text, []byte("LIMIT ?"))
	}
	if err := os.RemoveAll(to); err != nil {
		return fmt.Errorf("remove old queries: %w", err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("make folder for queries: %w", err)
	}
	for name, text := range derived {
		if err := os.WriteFile(filepath.Join(to, name), text, 0o644); err != nil {
			return fmt.Errorf("write queries: %w", err)
		}
	}
	return nil
}
