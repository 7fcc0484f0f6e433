package store_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// Operators may roll back to an older program and later migrate up again, with data in the
// database.
func TestMigrationsGoDownAndUpWithDataInEveryTable(t *testing.T) {
	t.Parallel()
	keys, err := audit.NewKeys([]byte("a key for nothing but this test of the migrations"))
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		s.SQLDB().SetMaxIdleConns(1) // for the many queries of the schema
		fill := func(scenario string) {
			t.Helper()
			opts := seed.Options{Scenarios: []string{scenario}, Scale: seed.Small}
			if _, err := seed.Run(t.Context(), s, keys, auth.NewPasswords(4), opts); err != nil {
				t.Fatal(err)
			}
			fillEmptyTables(t, s)
		}
		fill("tech-startup")
		want, users, tenants := schemaObjects(t, s), count(t, s, "users"), count(t, s, "tenants")

		before := func(name string) int64 { return versionOf(t, engine, name) - 1 }
		entries := verifyTrails(t, s, keys)
		downTo(t, s, versionOf(t, engine, "create_audit_seals"))
		execute(t, s, "UPDATE audit_links SET seal_number = 1") // as by a program that doesn't record the time of a seal
		backTo(t, s, before("create_audit_seals"))              // deletes the seals, so that their entries wait for new ones
		if got := verifyTrails(t, s, keys); got != entries || entries == 0 {
			t.Errorf("%d entries are left, want %d", got, entries)
		}
		backTo(t, s, before("create_audit_entries")) // deletes all entries and their links
		if links := count(t, s, "audit_links"); verifyTrails(t, s, keys) != 0 || links != 0 {
			t.Errorf("entries or %d links are left, want none", links)
		}
		backTo(t, s, before("create_departments")) // keeps users, but not their assignments
		if got := count(t, s, "users"); got != users {
			t.Errorf("%d users are left, want %d", got, users)
		}
		backTo(t, s, before("create_accounts"))
		if got := count(t, s, "tenants"); got != tenants {
			t.Errorf("%d tenants are left, want %d", got, tenants)
		}
		fill("remote-first")
		for _, version := range slices.Backward(versions(t, engine)) {
			down(t, s, version)
			up(t, s, version)
			down(t, s, version)
		}
		backTo(t, s, 0)
		if diff := cmp.Diff(want, schemaObjects(t, s)); diff != "" {
			t.Errorf("the schema differs (-want +got):\n%s", diff)
		}
	})
}

func downTo(t *testing.T, s *store.Store, version int64) {
	t.Helper()
	for current, _ := schemaVersion(t, s); current > version; current, _ = schemaVersion(t, s) {
		down(t, s, current)
	}
}

// backTo rolls back all migrations after a version, and applies them again.
func backTo(t *testing.T, s *store.Store, version int64) {
	t.Helper()
	downTo(t, s, version)
	if _, err := s.MigrateUp(t.Context()); err != nil {
		t.Fatalf("from %d: %v", version, err)
	}
	if s.Engine() == store.SQLite {
		if broken := read(t, s, `SELECT "table", parent FROM pragma_foreign_key_check`); len(broken) > 0 {
			t.Errorf("from %d: rows refer to missing rows: %v", version, broken)
		}
	}
}

// verifyTrails seals the waiting entries of all tenants. It expects every trail to be valid before
// and after that, and returns the number of entries.
func verifyTrails(t *testing.T, s *store.Store, keys *audit.Keys) int64 {
	t.Helper()
	sealer, entries := audit.NewSealer(s, keys, nil), int64(0)
	for _, row := range read(t, s, "SELECT id FROM tenants") {
		tenant := uuid.MustParse(row[0])
		for range 2 {
			check, err := audit.NewVerifier(s, keys).Begin(tenant, "")
			if err != nil {
				t.Fatal(err)
			}
			for done := false; !done; {
				if done, err = check.Step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			v := check.Result()
			if v.Status != audit.Intact {
				t.Errorf("trail of %s: %s", tenant, v.Detail())
			}
			entries += v.Entries
			if _, err := sealer.Seal(t.Context(), tenant); err != nil {
				t.Error(err)
			}
		}
	}
	return entries
}

func count(t *testing.T, s *store.Store, table string) int {
	t.Helper()
	return len(read(t, s, "SELECT 1 FROM "+table))
}

var (
	factOfColumn     = regexp.MustCompile(`^table (\w+), column (\w+), (.+), (null|not null)$`)
	factOfForeignKey = regexp.MustCompile(`^table (\w+), foreign key \w+ \((.*)\) REFERENCES (\w+) \((.*)\) ON`)
)

// fillEmptyTables inserts one row into each empty table. Only required columns get a value.
func fillEmptyTables(t *testing.T, s *store.Store) {
	t.Helper()
	schema := schemaObjects(t, s)
	rows := map[string]map[string]string{} // table, column, value
	for _, fact := range schema {
		if m := factOfColumn.FindStringSubmatch(fact); m != nil && m[4] == "not null" {
			if rows[m[1]] == nil {
				rows[m[1]] = map[string]string{}
			}
			rows[m[1]][m[2]] = someValue(m[3])
		}
	}
	maps.DeleteFunc(rows, func(table string, _ map[string]string) bool { return count(t, s, table) > 0 })
	for len(rows) > 0 {
		before := len(rows)
		for table, row := range rows {
			if referTo(t, s, schema, rows, table) {
				columns := slices.Sorted(maps.Keys(row))
				values := make([]string, len(columns))
				for i, column := range columns {
					values[i] = row[column]
				}
				statement := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(columns, ", "), strings.Join(values, ", "))
				if _, err := s.SQLDB().ExecContext(t.Context(), statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
				delete(rows, table)
			}
		}
		if len(rows) == before {
			t.Fatalf("these tables refer to each other: %v", rows)
		}
	}
}

// referTo sets the foreign keys of a table's row to values of existing rows. It reports whether
// such rows exist.
func referTo(t *testing.T, s *store.Store, schema []string, empty map[string]map[string]string, table string) bool {
	t.Helper()
	for _, fact := range schema {
		m := factOfForeignKey.FindStringSubmatch(fact)
		if m == nil || m[1] != table {
			continue
		}
		if _, isEmpty := empty[m[3]]; isEmpty && m[3] != table {
			return false
		}
		columns := strings.Split(m[2], ", ")
		if _, needed := empty[table][columns[len(columns)-1]]; !needed {
			continue
		}
		target := read(t, s, fmt.Sprintf("SELECT %s FROM %s LIMIT 1", m[4], m[3]))
		for i, column := range columns {
			empty[table][column] = "'" + target[0][i] + "'"
		}
	}
	return true
}

func someValue(kind string) string {
	switch kind {
	case "uuid":
		return "'00000000-0000-7000-8000-000000000001'"
	case "time":
		return "'2026-01-01 00:00:00'"
	case "json":
		return "'{}'"
	case "bigint", "double precision":
		return "1"
	case "boolean":
		return "true"
	}
	return "'x'"
}
