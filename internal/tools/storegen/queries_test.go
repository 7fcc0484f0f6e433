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

func TestDeriveQueriesReplacesNamedLimitsAndNothingElse(t *testing.T) {
	t.Parallel()
	from := folder(t, map[string]string{
		"a.sql":     "-- name: A :many\nSELECT id FROM a WHERE x = sqlc.arg(x) ORDER BY id LIMIT sqlc.arg('limit');\n",
		"b.sql":     "-- name: B :one\nSELECT count(*) FROM b LIMIT 1;\n",
		"notes.txt": "not a query",
	})
	to := folder(t, map[string]string{"removed.sql": "SELECT 1;"})
	if err := deriveQueries(from, to); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a.sql": "-- name: A :many\nSELECT id FROM a WHERE x = sqlc.arg(x) ORDER BY id LIMIT ?;\n",
		"b.sql": "-- name: B :one\nSELECT count(*) FROM b LIMIT 1;\n",
	} {
		if got := readFile(t, filepath.Join(to, name)); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
	if files, err := os.ReadDir(to); err != nil || len(files) != 2 {
		t.Errorf("derived files are %v, error %v; want a.sql and b.sql", files, err)
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
