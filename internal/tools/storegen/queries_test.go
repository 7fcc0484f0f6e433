package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/tools/schema"
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

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// things has a column of each type that lists can be sorted by.
var things = schema.Schema{
	"things": {
		Name: "things", Constraints: []schema.Constraint{{References: "tenants"}, {References: "others"}},
		Columns: []schema.Column{
			column("tenant_id", "uuid", ""),
			column("id", "uuid", ""),
			column("code", "key", "(32)"),
			column("created_at", "time", ""),
			column("name_key", "key", "(200)"),
			column("starts_on", "date", ""),
			column("budget", "decimal", "(14, 2)"),
			column("position", "int", ""),
			column("weight", "float", ""),
			{Name: "country", Type: schema.Type{Name: "key", Args: "(2)"}},
			column("is_active", "bool", ""),
			column("search_text", "text", ""),
		},
	},
	"plain": {Name: "plain", Columns: []schema.Column{column("id", "int", ""), column("code", "text", "")}},
	"quiet": {
		Name: "quiet", Constraints: []schema.Constraint{{References: "tenants"}},
		Columns: []schema.Column{column("id", "uuid", ""), column("code", "text", "")},
	},
}

// column returns a column that is never null.
func column(name, kind, args string) schema.Column {
	return schema.Column{Name: name, Type: schema.Type{Name: kind, Args: args}, NotNull: true}
}

func sourcesOf(t *testing.T, text string) (sources, error) {
	t.Helper()
	return readSources(things, folder(t, map[string]string{"things.sql": text}))
}

func TestListHasAQueryForEachOrderAndACount(t *testing.T) {
	t.Parallel()
	s, err := sourcesOf(t, `-- The things of a tenant.
-- name: ListThings :list created_at, name_key AS name DESC
SELECT * FROM things
WHERE tenant_id = sqlc.arg(tenant_id)
  AND optional(code = sqlc.narg(code))
  AND counted(created_at < sqlc.arg(before))
  AND search(search_text LIKE sqlc.narg(pattern));
`)
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if err := os.MkdirAll(filepath.Join(to, "mysql", "queries"), 0o700); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(to, "mysql", "queries", "removed.sql")
	if err := os.WriteFile(old, []byte("SELECT 1;"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := deriveQueries(s, to); err != nil {
		t.Fatal(err)
	}
	const list = `-- The things of a tenant.
-- name: ListThingsByCreatedAt :many
SELECT *
FROM things
WHERE tenant_id = sqlc.arg(tenant_id)
  AND {up}
  AND (code = sqlc.narg(code) OR sqlc.narg(code) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY created_at, id
LIMIT {limit};

-- name: ListThingsByCreatedAtDesc :many
SELECT *
FROM things
WHERE tenant_id = sqlc.arg(tenant_id)
  AND {down}
  AND (code = sqlc.narg(code) OR sqlc.narg(code) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY created_at DESC, id DESC
LIMIT {limit};

-- name: ListThingsByNameDesc :many
SELECT *
FROM things
WHERE tenant_id = sqlc.arg(tenant_id)
  AND {name}
  AND (code = sqlc.narg(code) OR sqlc.narg(code) IS NULL)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL)
ORDER BY name_key DESC, id DESC
LIMIT {limit};

-- name: CountThings :one
SELECT count(*)
FROM things
WHERE tenant_id = sqlc.arg(tenant_id)
  AND (code = sqlc.narg(code) OR sqlc.narg(code) IS NULL)
  AND created_at < sqlc.arg(before)
  AND (search_text LIKE sqlc.narg(pattern) OR sqlc.narg(pattern) IS NULL);
`
	for engine, replace := range map[string][]string{
		"postgres": {
			"{up}", "(created_at, id) > (sqlc.arg(after_created_at)::timestamptz, sqlc.arg(after_id)::uuid)",
			"{down}", "(created_at, id) < (sqlc.arg(after_created_at)::timestamptz, sqlc.arg(after_id)::uuid)",
			"{name}", "(name_key, id) < (sqlc.arg(after_name_key)::text, sqlc.arg(after_id)::uuid)",
			"{limit}", "sqlc.arg('limit')",
		},
		"mysql": {
			"{up}", "(created_at > sqlc.arg(after_created_at) OR (created_at = sqlc.arg(after_created_at) AND id > sqlc.arg(after_id)))",
			"{down}", "(created_at < sqlc.arg(after_created_at) OR (created_at = sqlc.arg(after_created_at) AND id < sqlc.arg(after_id)))",
			"{name}", "(name_key < sqlc.arg(after_name_key) OR (name_key = sqlc.arg(after_name_key) AND id < sqlc.arg(after_id)))",
			"{limit}", "?",
		},
		"sqlite": {
			"{up}", "(created_at > sqlc.arg(after_created_at) OR id > sqlc.arg(after_id))\n  AND (created_at, id) > (sqlc.arg(after_created_at), sqlc.arg(after_id))",
			"{down}", "(created_at < sqlc.arg(after_created_at) OR id < sqlc.arg(after_id))\n  AND (created_at, id) < (sqlc.arg(after_created_at), sqlc.arg(after_id))",
			"{name}", "(name_key < sqlc.arg(after_name_key) OR id < sqlc.arg(after_id))\n  AND (name_key, id) < (sqlc.arg(after_name_key), sqlc.arg(after_id))",
			"{limit}", "sqlc.arg('limit')",
		},
	} {
		got := readText(t, filepath.Join(to, engine, "queries", "things.sql"))
		if want := strings.NewReplacer(replace...).Replace(list); got != want {
			t.Errorf("%s has\n%s\nwant\n%s", engine, got, want)
		}
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("a file is still there although its source was deleted")
	}
}

// MySQL and MariaDB compare a decimal with a text as floating-point numbers, unless it is cast.
func TestDecimalsAreComparedExactly(t *testing.T) {
	t.Parallel()
	s, err := sourcesOf(t, `-- name: ListThings :list budget ASC
SELECT * FROM things
WHERE tenant_id = sqlc.arg(tenant_id)
  AND optional(budget <= sqlc.narg(budget_to));
`)
	if err != nil {
		t.Fatal(err)
	}
	for engine, want := range map[int]string{
		0: "(budget, id) > (sqlc.arg(after_budget)::numeric, sqlc.arg(after_id)::uuid)\n  AND (budget <= sqlc.narg(budget_to) OR sqlc.narg(budget_to) IS NULL)\n",
		1: "(budget > CAST(sqlc.arg(after_budget) AS decimal(65,30)) OR (budget = CAST(sqlc.arg(after_budget) AS decimal(65,30)) AND id > sqlc.arg(after_id)))\n" +
			"  AND (budget <= CAST(sqlc.narg(budget_to) AS decimal(65,30)) OR sqlc.narg(budget_to) IS NULL)\n",
		2: "(budget, id) > (sqlc.arg(after_budget), sqlc.arg(after_id))\n  AND (budget <= sqlc.narg(budget_to) OR sqlc.narg(budget_to) IS NULL)\n",
	} {
		if got := fileOf(s["things.sql"], engines[engine]); !strings.Contains(got, want) {
			t.Errorf("%s has\n%s\nwithout\n%s", engines[engine].Name, got, want)
		}
	}
}

func TestOtherQueriesAreUnchanged(t *testing.T) {
	t.Parallel()
	s, err := sourcesOf(t, `-- name: ListNodes :many
SELECT id FROM things
WHERE tenant_id = sqlc.arg(tenant_id) AND optional(id = sqlc.narg(thing_id))
ORDER BY id
LIMIT sqlc.arg('limit');
-- name: InsertQuiet :exec deferred
INSERT INTO quiet (id) VALUES (sqlc.arg(id));
-- name: ListAll :list code ASC without count
SELECT * FROM quiet;
`)
	if err != nil {
		t.Fatal(err)
	}
	want := `-- name: ListNodes :many
SELECT id FROM things
WHERE tenant_id = sqlc.arg(tenant_id) AND (id = sqlc.narg(thing_id) OR sqlc.narg(thing_id) IS NULL)
ORDER BY id
LIMIT ?;

-- name: InsertQuiet :exec
INSERT INTO quiet (id) VALUES (sqlc.arg(id));

-- name: ListAll :many
SELECT *
FROM quiet
WHERE (code > sqlc.arg(after_code) OR (code = sqlc.arg(after_code) AND id > sqlc.arg(after_id)))
ORDER BY code, id
LIMIT ?;
`
	if got := fileOf(s["things.sql"], engines[1]); got != want {
		t.Errorf("MySQL has\n%s\nwant\n%s", got, want)
	}
	if got := s.deferred(); !slices.Equal(got, []string{"InsertQuiet"}) {
		t.Errorf("deferred are %v", got)
	}
}

func TestErrorsNameFileAndLine(t *testing.T) {
	t.Parallel()
	list := func(orders, rest string) string {
		return "-- name: L :list " + orders + "\nSELECT * FROM things\nWHERE tenant_id = sqlc.arg(tenant_id)\n" + rest + ";\n"
	}
	for name, c := range map[string]struct {
		text string
		line string
		want string
	}{
		"key that is no column":        {list("made_at", ""), "1", "no column made_at"},
		"key that may be null":         {list("country", ""), "1", "may be null"},
		"key of a type without order":  {list("is_active", ""), "1", "can't sort by the column is_active"},
		"two orders of a name":         {list("code AS name, name_key AS name", ""), "1", "two orders"},
		"no order":                     {list("", ""), "1", "isn't an order"},
		"order with more words":        {list("code NULLS FIRST", ""), "1", "isn't an order"},
		"unknown table":                {"-- name: L :list code\nSELECT * FROM others;\n", "1", "no migration creates the table others"},
		"table without an id":          {"-- name: L :list code\nSELECT * FROM plain;\n", "1", "must have an id"},
		"list of some columns":         {"-- name: L :list code\nSELECT id, code FROM things;\n", "1", "SELECT * FROM one table"},
		"list with an alias":           {"-- name: L :list code\nSELECT * FROM things AS t WHERE true;\n", "1", "SELECT * FROM one table"},
		"list with a join":             {"-- name: L :list code\nSELECT * FROM things\nJOIN plain ON true;\n", "3", "a list must have no JOIN"},
		"list with an order":           {list("code", "ORDER BY code"), "4", "a list must have no ORDER BY"},
		"list with a limit":            {list("code", "LIMIT 3"), "4", "a list must have no LIMIT"},
		"alternative":                  {list("code", "  AND is_active OR code = sqlc.arg(a)"), "4", "into parentheses"},
		"condition behind OR":          {list("code", "  OR optional(code = sqlc.narg(code))"), "4", "whole condition"},
		"half a condition":             {list("code", "  AND optional(code = sqlc.narg(code)) OR is_active"), "4", "whole condition"},
		"condition without an end":     {list("code", "  AND optional(code = sqlc.narg(code)"), "4", "no closing parenthesis"},
		"marker in a marker":           {list("code", "  AND optional(search(code = sqlc.narg(code)))"), "4", "must not contain another marker"},
		"optional with a value":        {list("code", "  AND optional(code = sqlc.arg(code))"), "4", "exactly one parameter, sqlc.narg"},
		"optional without a parameter": {list("code", "  AND optional(is_active)"), "4", "exactly one parameter"},
		"optional with two parameters": {list("code", "  AND optional(code = sqlc.narg(a) OR code = sqlc.narg(b))"), "4", "exactly one parameter"},
		"parameter that stands twice":  {list("code", "  AND optional(code = sqlc.narg(x))\n  AND is_active = sqlc.narg(x)"), "5", "must not be used elsewhere"},
		"optional condition by hand":   {list("code", "  AND (code = sqlc.narg(x) OR sqlc.narg(x) IS NULL)"), "4", "write optional("},
		"search of another column":     {list("code", "  AND search(code LIKE sqlc.narg(pattern))"), "4", "a search must be"},
		"search that isn't LIKE":       {list("code", "  AND search(search_text = sqlc.narg(pattern))"), "4", "a search must be"},
		"two searches":                 {list("code", "  AND search(search_text LIKE sqlc.narg(a))\n  AND search(search_text LIKE sqlc.narg(b))"), "5", "only one search"},
		"search without the column":    {"-- name: L :list code\nSELECT * FROM quiet\nWHERE search(search_text LIKE sqlc.narg(pattern));\n", "3", "no column search_text"},
		"counted without a value":      {list("code", "  AND counted(code = sqlc.narg(code))"), "4", "exactly one parameter, sqlc.arg"},
		"search outside of a list":     {"-- name: Q :many\nSELECT id FROM things WHERE search(search_text LIKE sqlc.narg(pattern));\n", "2", "in a :list only"},
		"counted outside of a list":    {"\n-- name: Q :many\nSELECT id FROM things WHERE counted(code = sqlc.arg(code));\n", "3", "in a :list only"},
		"comparison of rows":           {"-- name: Q :many\nSELECT id FROM things\nWHERE (code, id) > (sqlc.arg(a), sqlc.arg(b));\n", "3", "comparison of rows"},
		"words after another kind":     {"-- name: Q :many created_at\nSELECT id FROM things;\n", "1", "only the word deferred"},
		"deferred with a reference":    {"-- name: I :exec deferred\nINSERT INTO things (id) VALUES (sqlc.arg(id));\n", "1", "things refers to others"},
		"deferred with a count":        {"-- name: I :execrows deferred\nINSERT INTO quiet (id) VALUES (sqlc.arg(id));\n", "1", "only INSERT with :exec"},
		"deferred deletion":            {"-- name: D :exec deferred\nDELETE FROM quiet;\n", "1", "only INSERT with :exec"},
		"deferred into nothing":        {"-- name: I :exec deferred\nINSERT INTO others (id) VALUES (sqlc.arg(id));\n", "1", "no migration creates"},
		"name that is taken":           {"-- name: Q :one\nSELECT 1;\n\n-- name: Q :one\nSELECT 2;\n", "4", "has a query of this name too"},
		"statement without a name":     {"SELECT 1;\n", "1", "write -- name:"},
		"no semicolon":                 {"-- name: Q :one\nSELECT 1\n", "1", "must end with a semicolon"},
		"no semicolon before the next": {"-- name: Q :one\nSELECT 1\n-- name: R :one\nSELECT 2;\n", "1", "must end with a semicolon"},
		"letter in a comment":          {"-- name: A :one\nSELECT 1; -- caf\u00e9\n", "2", "not ASCII"},
		"emoji in a string":            {"-- name: A :one\nSELECT '\U0001f600';\n", "2", "not ASCII"},
		"not even UTF-8":               {"-- name: A :one\nSELECT '\xff';\n", "2", "not ASCII"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sourcesOf(t, c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "things.sql:"+c.line+": ") {
				t.Errorf("error is %v; want %q, with things.sql and line %s", err, c.want, c.line)
			}
		})
	}
}

func TestFilesOfTwoFoldersHaveDifferentNames(t *testing.T) {
	t.Parallel()
	one, other := folder(t, map[string]string{"a.sql": "-- name: A :one\nSELECT 1;\n"}), folder(t, map[string]string{"a.sql": "-- name: B :one\nSELECT 1;\n"})
	if _, err := readSources(things, one, other); err == nil || !strings.Contains(err.Error(), "a.sql: another folder") {
		t.Errorf("error is %v", err)
	}
	if _, err := readSources(things, t.TempDir()); err == nil || !strings.Contains(err.Error(), "no queries in") {
		t.Errorf("error is %v for an empty folder", err)
	}
	s, err := readSources(things, one, filepath.Join(one, "missing"))
	if err != nil || !slices.Equal(slices.Collect(maps.Keys(s)), []string{"a.sql"}) {
		t.Errorf("%v, error %v; want the one file; the missing folder must be ignored", s, err)
	}
}

func TestRunRefusesUnknownArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"queries", "querier"}} {
		if err := run(args); err == nil || !strings.Contains(err.Error(), "queries or querier") {
			t.Errorf("%q: error is %v; want the expected arguments", args, err)
		}
	}
}
