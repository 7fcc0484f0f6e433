package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/tools/schema"
)

// laterMigration is a migration after the newest one of this program.
type laterMigration struct {
	sections map[string]string // by engine and name
	schema   schema.Schema     // after it
}

// generate generates an engine's migration from its source.
func generate(t *testing.T, engine store.Engine, source string) laterMigration {
	t.Helper()
	const name = "99999_later.sql"
	from, to := t.TempDir(), t.TempDir()
	if err := os.CopyFS(from, os.DirFS("../../sql/migrations")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(from, name), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := schema.Generate(from, to); err != nil {
		t.Fatal(err)
	}
	tables, err := schema.Read(from)
	if err != nil {
		t.Fatal(err)
	}
	return laterMigration{sectionsOf(t, os.DirFS(to), engine, name), tables}
}

// run runs a section in the same way as goose.
func (m laterMigration) run(t *testing.T, s *store.Store, name string) {
	t.Helper()
	if s.Engine() == store.Postgres { // all statements in one transaction
		execute(t, s, m.sections[name])
		return
	}
	for statement := range strings.SplitSeq(strings.TrimSpace(m.sections[name]), ";\n") {
		execute(t, s, statement)
	}
}

// TestLaterMigrationOfASearchedTable adds columns to a table that has a view for searching, and
// creates another such table.
func TestLaterMigrationOfASearchedTable(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"columns": `ALTER TABLE companies ADD COLUMN added_ref key(64), ADD COLUMN added_budget decimal(14, 2), ADD COLUMN added_on date;
			CREATE INDEX companies_tenant_id_added_on_idx ON companies (tenant_id, added_on, id);
			CREATE UNIQUE INDEX companies_tenant_id_added_ref_key ON companies (tenant_id, added_ref);`,
		"table": `CREATE TABLE later_rows (
				tenant_id uuid NOT NULL, id uuid NOT NULL, name_key key(200) NOT NULL, search_text text NOT NULL,
				PRIMARY KEY (tenant_id, id),
				CONSTRAINT later_rows_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE);
			CREATE INDEX later_rows_tenant_id_name_key_idx ON later_rows (tenant_id, name_key, id);
			-- tenantry: unscoped_reading later_rows`,
		"search": `ALTER TABLE sessions ADD COLUMN search_text text NOT NULL DEFAULT '';`,
		"reading": `-- tenantry: unscoped_reading companies
			-- tenantry: scoped_reading users`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := afterLater(t, storetest.New(t, store.SQLite), source)
			storetest.Each(t, func(t *testing.T, engine store.Engine) {
				got := afterLater(t, storetest.New(t, engine), source)
				for _, difference := range differences(store.SQLite, want, engine, got) {
					t.Error(difference)
				}
			})
		})
	}
}

// afterLater applies a migration, returns a description of the schema, and rolls the migration
// back.
func afterLater(t *testing.T, s *store.Store, source string) []string {
	t.Helper()
	engine := s.Engine()
	m := generate(t, engine, source)
	before := schemaObjects(t, s)
	m.run(t, s, "Up")
	after := schemaObjects(t, s)
	if engine == store.Postgres {
		wantPolicies(t, s, m.schema)
		wantSearchViews(t, s)
	}
	m.run(t, s, "Down")
	if diff := cmp.Diff(before, schemaObjects(t, s)); diff != "" {
		t.Errorf("the schema differs after the rollback (-before +after):\n%s", diff)
	}
	if engine == store.Postgres {
		wantSearchViews(t, s)
	}
	return after
}
