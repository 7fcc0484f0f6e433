package store_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestSchemasOfAllEnginesAreEqual(t *testing.T) {
	t.Parallel()
	const reference = store.SQLite // the engine that is always there
	want := schemaObjects(t, storetest.New(t, reference))
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		for _, difference := range differences(reference, want, engine, schemaObjects(t, storetest.New(t, engine))) {
			t.Error(difference)
		}
	})
}

func TestDifferencesOfSchemasNameTableColumnAndEngine(t *testing.T) {
	t.Parallel()
	sqlite := storetest.New(t, store.SQLite)
	want := schemaObjects(t, sqlite)
	for _, statement := range []string{
		"ALTER TABLE users DROP COLUMN phone",
		"ALTER TABLE users ADD COLUMN phone varchar(32) NOT NULL DEFAULT ''",
		"DROP INDEX users_tenant_id_company_id_created_at_idx",
	} {
		if _, err := sqlite.SQLDB().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	got := strings.Join(differences(store.Postgres, want, store.SQLite, schemaObjects(t, sqlite)), "\n")
	for _, expected := range []string{
		"only postgres has: table users, column phone, varchar(32), null",
		"only sqlite has: table users, column phone, varchar(32), not null",
		"only postgres has: table users, index users_tenant_id_company_id_created_at_idx (tenant_id, company_id, created_at, id)",
		"table users, columns in order:",
	} {
		if !strings.Contains(got, expected) {
			t.Errorf("differences don't say %q:\n%s", expected, got)
		}
	}
}

// If texts are compared by language, or without case or trailing blanks, they are sorted
// differently than on other engines, or different texts count as equal. SQLite compares bytes by
// default.
func TestTextInKeysIsComparedByteByByte(t *testing.T) {
	t.Parallel()
	collations := map[store.Engine]struct {
		suffixes []string
		columns  string
	}{
		store.Postgres: {[]string{"C"}, `
			SELECT DISTINCT c.relname, a.attname, l.collname
			FROM pg_index i
			JOIN pg_class c ON c.oid = i.indrelid
			JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
			JOIN pg_collation l ON l.oid = a.attcollation
			WHERE c.relnamespace = 'public'::regnamespace AND pg_get_indexdef(i.indexrelid) NOT LIKE '% USING gin %'`},
		store.MySQL: {[]string{"_nopad_bin", "_0900_bin"}, `
			SELECT table_name, column_name, collation_name FROM information_schema.columns
			WHERE table_schema = database() AND table_name NOT LIKE 'goose%' AND data_type IN ('char', 'varchar', 'text')`},
	}
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		want, ok := collations[engine]
		if !ok {
			return
		}
		columns := read(t, storetest.New(t, engine), want.columns)
		if len(columns) == 0 {
			t.Error("no columns of text found")
		}
		for _, row := range columns {
			table, column, collation := row[0], row[1], row[2]
			if !slices.ContainsFunc(want.suffixes, func(suffix string) bool { return strings.HasSuffix(collation, suffix) }) {
				t.Errorf("table %s, column %s has collation %s, want %s", table, column, collation, strings.Join(want.suffixes, " or "))
			}
		}
	})
}

func differences(a store.Engine, ofA []string, b store.Engine, ofB []string) []string {
	var list []string
	for _, side := range []struct {
		engine     store.Engine
		has, other []string
	}{{a, ofA, ofB}, {b, ofB, ofA}} {
		for _, fact := range side.has {
			if !slices.Contains(side.other, fact) {
				list = append(list, fmt.Sprintf("only %s has: %s", side.engine, fact))
			}
		}
	}
	return list
}

// schemaObjects describes tables, columns, keys, constraints and indexes of a database, in the same
// words for every engine.
func schemaObjects(t *testing.T, s *store.Store) []string {
	t.Helper()
	queries := map[store.Engine]struct{ columns, keys string }{
		store.Postgres: {postgresColumns, postgresKeys},
		store.MySQL:    {mysqlColumns, mysqlKeys},
		store.SQLite:   {sqliteColumns, sqliteKeys},
	}[s.Engine()]

	var list []string
	order := make(map[string][]string)
	for _, row := range read(t, s, queries.columns) {
		table, column, kind, null := row[0], row[1], kindOf(row[2]), row[3]
		order[table] = append(order[table], column)
		list = append(list, fmt.Sprintf("table %s, column %s, %s, %s", table, column, kind, null))
	}
	for table, columns := range order {
		list = append(list, fmt.Sprintf("table %s, columns in order: %s", table, strings.Join(columns, ", ")))
	}
	for _, row := range read(t, s, queries.keys) {
		list = append(list, fmt.Sprintf("table %s, %s", row[0], row[1]))
	}
	if s.Engine() == store.SQLite {
		list = append(list, sqliteConstraints(t, s)...)
	}
	slices.Sort(list)
	return list
}

// kinds maps the engines' names of column types to those of resource descriptions.
var kinds = map[string]string{
	"char(36)": "uuid", "uuid_text": "uuid",
	"timestamp with time zone": "time", "datetime(6)": "time", "datetime": "time",
	"bigint(20)": "bigint",
	"tinyint(1)": "boolean",
	"double":     "double precision",
	"blob":       "bytea",
	"json_text":  "json", "longtext": "json", // MariaDB's name for JSON
}

// decimalType matches the types of decimal columns. Only some engines declare the number of digits.
var decimalType = regexp.MustCompile(`^(?:numeric|decimal)\(.*\)$|^decimal_text$`)

func kindOf(declared string) string {
	declared = strings.Replace(strings.ToLower(declared), "character varying", "varchar", 1)
	if kind, ok := kinds[declared]; ok {
		return kind
	}
	if decimalType.MatchString(declared) {
		return "decimal"
	}
	return declared
}

// read returns the rows of a query as texts.
func read(t *testing.T, s *store.Store, query string) [][]string {
	t.Helper()
	rows, err := s.SQLDB().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var list [][]string
	for rows.Next() {
		row, targets := make([]string, len(columns)), make([]any, len(columns))
		for i := range row {
			targets[i] = &row[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		list = append(list, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

var sqliteConstraint = regexp.MustCompile(`(?m)^\s*(CONSTRAINT \w+ )?(UNIQUE|CHECK|FOREIGN KEY) (.*?),?$`)

// sqliteConstraints parses the SQL text of the tables, because SQLite keeps the names of
// constraints nowhere else.
func sqliteConstraints(t *testing.T, s *store.Store) []string {
	t.Helper()
	var list []string
	for _, row := range read(t, s, `SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'goose%'`) {
		table, text := row[0], row[1]
		for _, m := range sqliteConstraint.FindAllStringSubmatch(text, -1) {
			name, kind, rest := strings.TrimSuffix(strings.TrimPrefix(m[1], "CONSTRAINT "), " "), m[2], m[3]
			switch kind {
			case "CHECK":
				rest = ""
			case "FOREIGN KEY":
				if !strings.Contains(rest, " ON DELETE ") {
					rest += " ON DELETE NO ACTION"
				}
			}
			list = append(list, strings.TrimSpace(fmt.Sprintf("table %s, %s %s %s", table, strings.ToLower(kind), name, rest)))
		}
	}
	return list
}
