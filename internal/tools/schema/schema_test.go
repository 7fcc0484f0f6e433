package schema_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// first is the first migration of the tests; others build on it.
const first = `CREATE TABLE teams (
    tenant_id   uuid      NOT NULL,
    id          uuid      NOT NULL,
    name        text(200) NOT NULL,
    search_text text      NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE plain (id uuid, note text(10), PRIMARY KEY (id));
CREATE TABLE compatible_migrations (version_id int NOT NULL, PRIMARY KEY (version_id));
`

// generate generates migrations from the files and returns the generated files by path.
func generate(t *testing.T, files map[string]string) (map[string]string, error) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "migrations")
	err := schema.Generate(folder(t, files), to)
	written := map[string]string{}
	paths, _ := filepath.Glob(filepath.Join(to, "*", "*.sql"))
	for _, path := range paths {
		text, readErr := os.ReadFile(path)
		if readErr != nil {
			t.Fatal(readErr)
		}
		relative, _ := filepath.Rel(to, path)
		written[filepath.ToSlash(relative)] = string(text)
	}
	return written, err
}

func TestEnginesHaveTheirOwnTypesAndKeys(t *testing.T) {
	t.Parallel()
	const source = `-- A comment of people.
CREATE TABLE kinds (
    id      uuid NOT NULL,
    code    key(32) NOT NULL,
    name    text(200),
    note    text,
    at      time,
    on_day  date,
    price   decimal(14,2),
    n       int NOT NULL DEFAULT 0,
    x       float,
    is_it   bool,
    doc     json NOT NULL DEFAULT '{}',
    raw     bytes,
    PRIMARY KEY (id),
    CONSTRAINT kinds_code_key UNIQUE (code),
    CONSTRAINT kinds_n_check CHECK (n IN (1, 2))
);
CREATE INDEX kinds_at_idx ON kinds (at, id);
`
	want := map[string]string{
		"postgres": `CREATE TABLE kinds (
    id     uuid                    NOT NULL,
    code   varchar(32) COLLATE "C" NOT NULL,
    name   varchar(200),
    note   text,
    at     timestamptz,
    on_day date,
    price  numeric(14, 2),
    n      bigint                  NOT NULL DEFAULT 0,
    x      double precision,
    is_it  boolean,
    doc    json                    NOT NULL DEFAULT '{}',
    raw    bytea,
    PRIMARY KEY (id),
    CONSTRAINT kinds_code_key UNIQUE (code),
    CONSTRAINT kinds_n_check CHECK (n IN (1, 2))
);
CREATE INDEX kinds_at_idx ON kinds (at, id);
`,
		"mysql": `CREATE TABLE kinds (
    id     char(36)    NOT NULL,
    code   varchar(32) NOT NULL,
    name   varchar(200),
    note   text,
    at     datetime(6),
    on_day date,
    price  decimal(14, 2),
    n      bigint      NOT NULL DEFAULT 0,
    x      double precision,
    is_it  boolean,
    doc    json        NOT NULL DEFAULT ('{}'),
    raw    blob,
    PRIMARY KEY (id),
    CONSTRAINT kinds_code_key UNIQUE (code),
    CONSTRAINT kinds_n_check CHECK (n IN (1, 2)),
    KEY kinds_at_idx (at, id)
);
`,
		"sqlite": `CREATE TABLE kinds (
    id     uuid_text   NOT NULL,
    code   varchar(32) NOT NULL,
    name   varchar(200),
    note   text,
    at     datetime,
    on_day date,
    price  decimal_text COLLATE decimal,
    n      bigint      NOT NULL DEFAULT 0,
    x      double precision,
    is_it  boolean,
    doc    json_text   NOT NULL DEFAULT '{}',
    raw    blob,
    PRIMARY KEY (id),
    CONSTRAINT kinds_code_key UNIQUE (code),
    CONSTRAINT kinds_n_check CHECK (n IN (1, 2))
);
CREATE INDEX kinds_at_idx ON kinds (at, id);
`,
	}
	got, err := generate(t, map[string]string{"00001_make.sql": source})
	if err != nil {
		t.Fatal(err)
	}
	for engine, up := range want {
		whole := "-- Code generated from sql/migrations/00001_make.sql by storegen. DO NOT EDIT.\n\n-- +goose Up\n" + up + "\n-- +goose Down\nDROP TABLE kinds;\n"
		if diff := cmp.Diff(whole, got[engine+"/00001_make.sql"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", engine, diff)
		}
	}
}

func TestMySQLHasOneDDLStatementAfterTheRows(t *testing.T) {
	t.Parallel()
	got, err := generate(t, map[string]string{
		"00001_teams.sql": firstTable,
		"00002_more.sql": `UPDATE teams SET name = '2026-01-01 00:00:00+00:00; and more';
ALTER TABLE teams ADD COLUMN a int, ADD COLUMN b key(5);
CREATE UNIQUE INDEX teams_a_b_key ON teams (a, b);
-- tenantry: only postgres, mysql
ALTER TABLE teams ADD CONSTRAINT teams_a_check CHECK (a > 0);
-- tenantry: down
UPDATE teams SET name = '';
`,
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `-- +goose Up
UPDATE teams SET name = '2026-01-01 00:00:00+00:00; and more';
ALTER TABLE teams
    ADD COLUMN a bigint,
    ADD COLUMN b varchar(5),
    ADD UNIQUE KEY teams_a_b_key (a, b),
    ADD CONSTRAINT teams_a_check CHECK (a > 0);

-- +goose Down
UPDATE teams SET name = '';
ALTER TABLE teams
    DROP CONSTRAINT teams_a_check,
    DROP KEY teams_a_b_key,
    DROP COLUMN b,
    DROP COLUMN a;
`
	if text := got["mysql/00002_more.sql"]; !strings.HasSuffix(text, want) {
		t.Errorf("MySQL gets\n%s\nwant at the end\n%s", text, want)
	}
}

// firstTable is the first table of the migration first.
var firstTable, _, _ = strings.Cut(first, "CREATE TABLE plain")

func TestErrorsNameFileAndLine(t *testing.T) {
	t.Parallel()
	const table = "CREATE TABLE x (\n    id uuid NOT NULL,\n    PRIMARY KEY (id)\n);\n"
	for name, c := range map[string]struct{ source, want string }{
		"unknown type":                 {"CREATE TABLE x (\n    id uuid,\n\n    n varchar(3)\n);", `:4: column n: unknown type "varchar(3)"`},
		"type without its length":      {"CREATE TABLE x (\n    id key\n);", `:2: column id: unknown type "key"`},
		"type with too many numbers":   {"CREATE TABLE x (id uuid(3));", `:1: column id: unknown type "uuid(3)"`},
		"constraint without a name":    {"CREATE TABLE x (\n    id uuid UNIQUE\n);", ":2: write a column"},
		"constraint with another name": {"\nCREATE TABLE x (id uuid, CONSTRAINT x_key UNIQUE (id));", ":2: x_key must be named x_id_key"},
		"foreign key, another name":    {"CREATE TABLE x (id uuid, CONSTRAINT f FOREIGN KEY (id) REFERENCES y (id));", ":1: f must be named x_id_fkey"},
		"index with another name":      {table + "CREATE INDEX y_idx ON x (id);", ":5: the index y_idx must be named x_<columns>_idx"},
		"unique index, another name":   {table + "CREATE UNIQUE INDEX x_key ON x (id);", ":5: x_key must be named x_id_key"},
		"long name":                    {table + "CREATE INDEX x_" + strings.Repeat("a", 60) + "_idx ON x (id);", "is longer than 63"},
		"key of text":                  {"CREATE TABLE x (id text(9), PRIMARY KEY (id));", ":1: id is part of a key or an index: its type must be key(n)"},
		"index of text":                {"CREATE TABLE x (id uuid, n text(9));\nCREATE INDEX x_n_idx ON x (n);", ":2: n is part of a key or an index"},
		"key without its column":       {"CREATE TABLE x (id uuid, PRIMARY KEY (no));", ":1: x has no column no"},
		"index without its table":      {"CREATE INDEX x_n_idx ON x (n);", ":1: there is no table x"},
		"table twice":                  {table + table, ":5: the table x exists already"},
		"column twice":                 {table + "ALTER TABLE x ADD COLUMN id uuid;", ":5: x already has a column id"},
		"column that has to be given":  {table + "ALTER TABLE x\n    ADD COLUMN n int NOT NULL;", ":5: n would have no value in existing rows"},
		"late tenant":                  {table + "ALTER TABLE x ADD COLUMN tenant_id uuid;", ":5: tenant_id must be a column of x from the beginning"},
		"column with an index": {
			"CREATE TABLE x (id uuid, n int);\nCREATE INDEX x_n_idx ON x (n);\n-- tenantry: down\nALTER TABLE x DROP COLUMN n;", ":4: drop the index x_n_idx first",
		},
		"second DDL statement":          {table + "CREATE TABLE y (id uuid);", ":5: put this into another migration"},
		"rows after the schema":         {table + "DELETE FROM x;\n-- tenantry: down\nDELETE FROM x;", ":5: change rows before the schema"},
		"constraint later, all":         {"-- tenantry: only sqlite\nCREATE TABLE x (id uuid);\nALTER TABLE x ADD CONSTRAINT x_id_check CHECK (id > '');", ":3: SQLite can't change constraints"},
		"one engine's SQL for all":      {"\nCREATE TRIGGER t AFTER INSERT ON x;", ":2: this statement isn't allowed for all engines"},
		"no semicolon":                  {"\n\nDELETE FROM x", ":3: the statement must end with a semicolon"},
		"no statement":                  {table + ";", ":5: a semicolon without a statement"},
		"unknown line":                  {table + "-- tenantry: only oracle", `:5: unknown line "-- tenantry: only oracle"`},
		"goose's own line":              {"-- +goose Up\n" + table, ":1: remove this line"},
		"two lines down":                {table + "-- tenantry: down\n-- tenantry: down", ":6: there is a second line `-- tenantry: down`"},
		"rows without down":             {"DELETE FROM x;", ":1: write the statements that undo this"},
		"DROP without down":             {table + "-- tenantry: down\nDROP TABLE y;", ":6: there is no table y"},
		"incomplete down":               {table + "CREATE INDEX x_id_idx ON x (id);\n-- tenantry: only postgres\n-- tenantry: down\n-- tenantry: only sqlite\nDROP INDEX x_id_idx;", ":1: the statements after `-- tenantry: down` don't restore the schema"},
		"native without down":           {"-- tenantry: only postgres\nDO $$ BEGIN NULL; END $$;", ":2: write the statements that undo this"},
		"not ASCII":                     {"-- caf\u00e9\n" + table, ":1: not ASCII"},
		"reading of a missing table":    {"-- tenantry: unscoped_reading x", ":1: there is no table x"},
		"another number of the same":    {"", "00002_same.sql has the number of"},
		"compatible before there are":   {"-- tenantry: runs with older programs\n" + table, ":1: older programs don't know the mark"},
		"name that isn't a migration's": {"", "BAD.sql: the name must be like"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"00002_bad.sql": c.source}
			switch {
			case strings.Contains(c.want, "_same"):
				files = map[string]string{"00002_bad.sql": table, "00002_same.sql": table}
			case strings.HasPrefix(c.want, "BAD"):
				files = map[string]string{"BAD.sql": table}
			}
			written, err := generate(t, files)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want one with %q", err, c.want)
			}
			if strings.HasPrefix(c.want, ":") && !strings.Contains(err.Error(), "00002_bad.sql"+c.want[:3]) {
				t.Errorf("error is %v, want the file before %q", err, c.want)
			}
			if len(written) > 0 {
				t.Errorf("%d files were written", len(written))
			}
		})
	}
}

func TestWhichMigrationsRunWithOlderPrograms(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{
		"ALTER TABLE teams ADD COLUMN logo text(40);":                                                                                                                                          true,
		"ALTER TABLE teams ADD COLUMN logo text(40) NOT NULL DEFAULT '';":                                                                                                                      true,
		"ALTER TABLE teams ADD COLUMN a int, ADD COLUMN b decimal(5, 2);":                                                                                                                      true,
		"ALTER TABLE teams ADD COLUMN a int;\nCREATE INDEX teams_a_idx ON teams (a);":                                                                                                          true,
		"CREATE INDEX teams_id_idx ON teams (id);":                                                                                                                                             true,
		"CREATE TABLE logos (tenant_id uuid, CONSTRAINT logos_tenant_id_key UNIQUE (tenant_id));\n-- tenantry: unscoped_reading logos":                                                         true,
		"CREATE TABLE logos (c uuid, CONSTRAINT logos_c_fkey FOREIGN KEY (c) REFERENCES teams (id) ON DELETE CASCADE);":                                                                        true,
		"CREATE TABLE logos (c uuid, CONSTRAINT logos_c_fkey FOREIGN KEY (c) REFERENCES teams (id) ON DELETE SET NULL);":                                                                       true,
		"CREATE TABLE logos (c uuid, CONSTRAINT logos_c_fkey FOREIGN KEY (c) REFERENCES teams (id));":                                                                                          false,
		"CREATE TABLE logos (c uuid, d uuid, CONSTRAINT logos_c_fkey FOREIGN KEY (c) REFERENCES teams (id) ON DELETE CASCADE, CONSTRAINT logos_d_fkey FOREIGN KEY (d) REFERENCES teams (id));": false,
		"CREATE UNIQUE INDEX teams_id_key ON teams (id);":                                                                                                                                      false,
		"ALTER TABLE teams ADD COLUMN a int;\nCREATE UNIQUE INDEX teams_a_key ON teams (a);":                                                                                                   false,
		"ALTER TABLE teams DROP COLUMN name;\n-- tenantry: down\nALTER TABLE teams ADD COLUMN name text(200) NOT NULL DEFAULT '';":                                                             false,
		"DROP TABLE teams;\n-- tenantry: down\n" + firstTable:                                                                                                                                  false,
		"UPDATE teams SET name = '';\n-- tenantry: down\nUPDATE teams SET name = '';":                                                                                                          false,
		"INSERT INTO teams VALUES (1);\n-- tenantry: down\nDELETE FROM teams;":                                                                                                                 false,
		"-- tenantry: only postgres, mysql\nALTER TABLE teams ADD CONSTRAINT teams_name_check CHECK (name <> '');":                                                                             false,
		"-- tenantry: only postgres\nALTER TABLE teams ALTER COLUMN name SET NOT NULL;\n-- tenantry: down\n":                                                                                   false,
		"-- tenantry: only postgres\nDO $$ BEGIN NULL; END $$;\n-- tenantry: down\n-- tenantry: only postgres\nDO $$ BEGIN NULL; END $$;":                                                      false,
		"-- tenantry: unscoped_reading teams":                                                                                                                                                  false,
	} {
		_, err := generate(t, map[string]string{
			"00001_teams.sql": firstTable, "00002_marks.sql": "CREATE TABLE compatible_migrations (version_id int);",
			"00003_marked.sql": "-- tenantry: runs with older programs\n" + source,
		})
		refused := err != nil && strings.Contains(err.Error(), "older programs can't run with this migration")
		if refused == want || err != nil && !refused {
			t.Errorf("%s\nerror is %v; want compatible: %t", source, err, want)
		}
	}
}

func TestEveryEngineHasTheMarkOfCompatibleMigrations(t *testing.T) {
	t.Parallel()
	got, err := generate(t, map[string]string{
		"00001_marks.sql": "CREATE TABLE compatible_migrations (version_id int);", "00002_marked.sql": "-- tenantry: runs with older programs\nCREATE TABLE x (id uuid);",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, engine := range []string{"postgres", "mysql", "sqlite"} {
		if text := got[engine+"/00002_marked.sql"]; !strings.Contains(text, "\n-- tenantry: runs with older programs\n") {
			t.Errorf("%s has no mark:\n%s", engine, text)
		}
		if text := got[engine+"/00001_marks.sql"]; strings.Contains(text, "older programs") {
			t.Errorf("%s has a mark:\n%s", engine, text)
		}
	}
}

func TestQueriesMustSelectOneTenant(t *testing.T) {
	t.Parallel()
	tables, err := schema.Read(folder(t, map[string]string{"00001_first.sql": first + "-- tenantry: unscoped_reading teams\n"}))
	if err != nil {
		t.Fatal(err)
	}
	const reads = "-- name: AllUnscoped :many\nSELECT id FROM teams;\n\n"
	for query, want := range map[string]string{
		"SELECT id FROM teams WHERE tenant_id = sqlc.arg(tenant_id)":               "",
		"SELECT id FROM plain AS p":                                                "",
		"INSERT INTO teams (tenant_id, id) VALUES (sqlc.arg(t), sqlc.arg(id))":     "",
		"SELECT 1 FROM plain AS p\nJOIN teams AS t ON t.tenant_id = sqlc.narg(id)": "",
		"SELECT id FROM teams":                                                     "q.sql:4: Q reads or writes the table teams",
		"SELECT id FROM searchable_teams":                                          "q.sql:4: Q reads or writes the table teams",
		"SELECT id FROM plain WHERE EXISTS (SELECT 1 FROM\n  teams)":               "q.sql:4: Q reads or writes the table teams",
		"SELECT id FROM teams -- tenant_id = sqlc.arg(tenant_id)":                  "q.sql:4: Q reads or writes the table teams",
		"SELECT p.id FROM plain AS p JOIN teams AS t ON t.tenant_id = p.id":        "q.sql:4: Q reads or writes the table teams",
		"UPDATE teams SET name = sqlc.arg(name)":                                   "q.sql:4: Q reads or writes the table teams",
		"DELETE FROM Teams":                                                        "q.sql:4: Q reads or writes the table teams",
		"INSERT INTO teams (id) VALUES (sqlc.arg(tenant_id))":                      "q.sql:4: Q reads or writes the table teams",
	} {
		dir := folder(t, map[string]string{"q.sql": reads + "-- name: Q :many\n" + query + ";\n"})
		err := tables.CheckQueries(filepath.Join(dir, "*.sql"))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", query, err, want)
		}
	}
}

func TestUnscopedQueriesNeedUnscopedReading(t *testing.T) {
	t.Parallel()
	for unscoped, want := range map[string]string{
		"teams": "", "": "q.sql:1: AllUnscoped reads teams for all tenants", "both": "more has unscoped_reading, but no query",
	} {
		source := map[string]string{
			"": first, "teams": first + "-- tenantry: unscoped_reading teams",
			"both": first + "CREATE TABLE more (tenant_id uuid);\n-- tenantry: unscoped_reading teams\n-- tenantry: unscoped_reading more",
		}[unscoped]
		tables, err := schema.Read(folder(t, map[string]string{"00001_first.sql": source}))
		if err != nil {
			t.Fatal(err)
		}
		dir := folder(t, map[string]string{"q.sql": "-- name: AllUnscoped :many\nSELECT id FROM teams;\n"})
		err = tables.CheckQueries(filepath.Join(dir, "*.sql"))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("unscoped_reading %q: error is %v, want %q", unscoped, err, want)
		}
	}
}

func TestOverridesOfSqlcMatchAType(t *testing.T) {
	t.Parallel()
	tables, err := schema.Read(folder(t, map[string]string{"00001_first.sql": first}))
	if err != nil {
		t.Fatal(err)
	}
	for override, want := range map[string]string{
		"postgresql {db_type: pg_catalog.numeric, go_type: string}": "",
		"postgresql {db_type: numeric, go_type: string}":            `sqlc.yaml:4: no column of postgres has the type "numeric"`,
		"postgresql {db_type: timestampz, go_type: string}":         "no column of postgres",
		"mysql {db_type: decimal, nullable: true, go_type: string}": "",
		"mysql {db_type: integer, go_type: string}":                 "no column of mysql",
		"sqlite {db_type: decimal_text, go_type: string}":           "",
		"sqlite {db_type: integer, go_type: int32}":                 "",
		"sqlite {db_type: uuid, go_type: string}":                   "no column of sqlite",
		"sqlite {column: teams.name, go_type: string}":              "",
		"sqlite {column: teams.nick, go_type: string}":              `there is no column "teams.nick"`,
		"oracle {db_type: uuid, go_type: string}":                   `unknown engine "oracle"`,
	} {
		engine, text, _ := strings.Cut(override, " ")
		config := fmt.Sprintf("sql:\n- engine: %s\n  gen: {go: {overrides: [\n    %s]}}\n", engine, text)
		err := tables.CheckOverrides(filepath.Join(folder(t, map[string]string{"sqlc.yaml": config}), "sqlc.yaml"))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", override, err, want)
		}
	}
}
