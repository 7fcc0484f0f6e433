package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder returns a new folder with these files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDeriveQueriesWritesEachEngineItsPlacesAndLimits(t *testing.T) {
	t.Parallel()
	const name, page = "-- name: A :many\nSELECT id FROM a WHERE x = sqlc.arg(x)\n  AND ", "\nORDER BY k, id "
	from := folder(t, map[string]string{
		"a.sql": name + "(k > sqlc.arg(after_k) OR id > sqlc.arg(after_id)) AND (k, id) > (sqlc.arg(after_k), sqlc.arg(after_id))" + page + "LIMIT sqlc.arg('limit');\n",
		"b.sql": name + "(made_at < sqlc.arg(b) OR id < sqlc.arg(c)) AND (made_at, id) < (sqlc.arg(b), sqlc.arg(c))" + page + "LIMIT 1;\n",
		"c.sql": name + "id <= sqlc.arg(c)" + page + "LIMIT 1;\n",
		"d.txt": "not a query",
	})
	to := t.TempDir()
	old := filepath.Join(to, "mysql", "queries", "removed.sql")
	if err := os.MkdirAll(filepath.Dir(old), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, []byte("SELECT 1;"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := deriveQueries(from, to); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"postgres/queries/a.sql": name + "(k, id) > (sqlc.arg(after_k)::text, sqlc.arg(after_id)::uuid)" + page + "LIMIT sqlc.arg('limit');\n",
		"postgres/queries/b.sql": name + "(made_at, id) < (sqlc.arg(b)::timestamptz, sqlc.arg(c)::uuid)" + page + "LIMIT 1;\n",
		"postgres/queries/c.sql": name + "id <= sqlc.arg(c)" + page + "LIMIT 1;\n",
		"mysql/queries/a.sql":    name + "(k > sqlc.arg(after_k) OR (k = sqlc.arg(after_k) AND id > sqlc.arg(after_id)))" + page + "LIMIT ?;\n",
		"mysql/queries/b.sql":    name + "(made_at < sqlc.arg(b) OR (made_at = sqlc.arg(b) AND id < sqlc.arg(c)))" + page + "LIMIT 1;\n",
		"mysql/queries/c.sql":    name + "id <= sqlc.arg(c)" + page + "LIMIT 1;\n",
	} {
		if got := readFile(t, filepath.Join(to, filepath.FromSlash(file))); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", file, got, want)
		}
	}
	if files, err := filepath.Glob(filepath.Join(to, "*", "*", "*")); err != nil || len(files) != 6 {
		t.Errorf("derived files are %v, error %v; want six", files, err)
	}
}

func TestDeriveQueriesRefusesPlacesOfAnotherForm(t *testing.T) {
	t.Parallel()
	for name, condition := range map[string]string{
		"one without rows":        "k >= sqlc.arg(k) AND (k > sqlc.arg(k) OR id > sqlc.arg(id))",
		"rows alone":              "(k, id) > (sqlc.arg(k), sqlc.arg(id))",
		"halves of two columns":   "(k > sqlc.arg(k) OR id > sqlc.arg(id)) AND (l, id) > (sqlc.arg(k), sqlc.arg(id))",
		"halves of two arguments": "(k > sqlc.arg(k) OR id > sqlc.arg(id)) AND (k, id) > (sqlc.arg(l), sqlc.arg(id))",
		"halves of two ids":       "(k > sqlc.arg(k) OR id > sqlc.arg(id)) AND (k, id) > (sqlc.arg(k), sqlc.arg(other))",
		"two directions":          "(k > sqlc.arg(k) OR id > sqlc.arg(id)) AND (k, id) < (sqlc.arg(k), sqlc.arg(id))",
		"two directions in one":   "(k > sqlc.arg(k) OR id < sqlc.arg(id)) AND (k, id) > (sqlc.arg(k), sqlc.arg(id))",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := folder(t, map[string]string{"lists.sql": "-- name: A :many\nSELECT id FROM a WHERE " + condition + ";\n"})
			if err := deriveQueries(from, t.TempDir()); err == nil || !strings.Contains(err.Error(), "lists.sql") {
				t.Errorf("error is %v; want one that names lists.sql", err)
			}
		})
	}
}

func TestDeriveQueriesRefusesWhatIsNotASCII(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"letter in a comment": "-- name: A :one\nSELECT 1; -- caf\u00e9\n",
		"emoji in a string":   "-- name: A :one\nSELECT '\U0001f600';\n",
		"not even UTF-8":      "-- name: A :one\nSELECT '\xff';\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := folder(t, map[string]string{"a.sql": "SELECT 1;\n", "users.sql": text})
			err := deriveQueries(from, filepath.Join(t.TempDir(), "out"))
			if err == nil || !strings.Contains(err.Error(), "users.sql: line 2: not ASCII") {
				t.Errorf("error is %v; want one that names users.sql and line 2", err)
			}
		})
	}
}

func TestDeriveQueriesRefusesAnEmptyFolder(t *testing.T) {
	t.Parallel()
	from := t.TempDir()
	if err := deriveQueries(from, t.TempDir()); err == nil || !strings.Contains(err.Error(), from) {
		t.Errorf("error is %v; want one that names the folder", err)
	}
}

func TestRunRefusesUnknownArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"both"}, {"queries", "querier"}} {
		if err := run(args); err == nil || !strings.Contains(err.Error(), "queries or querier") {
			t.Errorf("%q: error is %v; want one that says what is expected", args, err)
		}
	}
}
