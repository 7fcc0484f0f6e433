package store_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func schemaFaults(t *testing.T, s *store.Store) []store.SchemaFault {
	t.Helper()
	faults, err := s.SchemaFaults(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return faults
}

func TestSchemaFaultsAreIndexesThatAreMissing(t *testing.T) {
	t.Parallel()
	drop := map[store.Engine]string{
		store.Postgres: "DROP INDEX tenants_tier_name_key_idx", store.SQLite: "DROP INDEX tenants_tier_name_key_idx",
		store.MySQL: "DROP INDEX tenants_tier_name_key_idx ON tenants",
	}
	named := regexp.MustCompile(`^table \w+, (?:index|unique|foreign key|check) (\w+)`)
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		if faults := schemaFaults(t, s); len(faults) > 0 {
			t.Errorf("a new schema has faults: %+v", faults)
		}
		expected := store.ExpectedNames(t, engine)
		for _, fact := range schemaObjects(t, s) {
			if m := named.FindStringSubmatch(fact); m != nil && !expected[m[1]] {
				t.Errorf("SchemaFaults doesn't check %s", fact)
			}
		}
		execute(t, s, drop[engine])
		faults := schemaFaults(t, s)
		if len(faults) != 1 || faults[0].Invalid || faults[0].File != "00002_create_tenants.sql" || !strings.Contains(faults[0].Line, "tenants_tier_name_key_idx") {
			t.Errorf("faults are %+v, want only the missing index", faults)
		}
	})
}

// An interrupted CREATE INDEX CONCURRENTLY leaves an invalid index. It has the name of the wanted
// one, but is never used.
func TestInvalidIndexes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine == store.Postgres {
			testInvalidIndexes(t, storetest.New(t, engine))
		}
	})
}

func testInvalidIndexes(t *testing.T, s *store.Store) {
	t.Helper()
	const invalidate = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '%s'::regclass"
	execute(t, s, "CREATE INDEX companies_search_text_idx_ccnew ON companies (name)")
	for _, index := range []string{"companies_search_text_idx", "companies_search_text_idx_ccnew"} {
		execute(t, s, fmt.Sprintf(invalidate, index))
	}
	if diff := cmp.Diff([]store.SchemaFault{
		{
			Name: "companies_search_text_idx", Invalid: true, File: "00004_create_companies.sql",
			Line: "CREATE INDEX companies_search_text_idx ON companies USING gin (tenant_id, search_text gin_trgm_ops)",
		},
		{Name: "companies_search_text_idx_ccnew", Invalid: true},
	}, schemaFaults(t, s)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	execute(t, s, "DROP INDEX companies_search_text_idx_ccnew")

	// Operators may create the indexes of a later migration in advance.
	for _, index := range []string{"companies_city_idx", "companies_state_idx", "companies_search_text_idx"} {
		execute(t, s, fmt.Sprintf("DROP INDEX IF EXISTS %s; CREATE INDEX %[1]s ON companies (tenant_id, id)", index))
	}
	execute(t, s, fmt.Sprintf(invalidate, "companies_city_idx"))
	execute(t, s, fmt.Sprintf(invalidate, "companies_search_text_idx"))
	execute(t, s, "DROP INDEX companies_search_text_idx")
	const ids = "SELECT oid::text FROM pg_class WHERE relname IN ('companies_city_idx', 'companies_state_idx') ORDER BY relname"
	before := read(t, s, ids)
	later := generate(t, store.Postgres, "CREATE INDEX companies_city_idx ON companies (tenant_id, id);\nCREATE INDEX companies_state_idx ON companies (tenant_id, id);\n")
	later.run(t, s, "Up")
	if after := read(t, s, ids); before[0][0] == after[0][0] || before[1][0] != after[1][0] {
		t.Errorf("the indexes were %v and are %v; want the invalid one created again and the other one kept", before, after)
	}
}

func execute(t *testing.T, s *store.Store, statement string) {
	t.Helper()
	if _, err := s.SQLDB().ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Extensions belong to one schema of the database, perhaps another one than the tables. Two
// installations may share a database, each in a schema of its own.
func TestMigrateUpInAnotherSchemaThanThatOfTheExtensions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine != store.Postgres {
			return
		}
		for _, extensions := range []string{
			"CREATE EXTENSION pg_trgm SCHEMA public", "CREATE SCHEMA \"My ext\"; CREATE EXTENSION pg_trgm SCHEMA \"My ext\"; CREATE EXTENSION btree_gin SCHEMA public", "CREATE EXTENSION btree_gin SCHEMA other",
		} {
			databaseURL := storetest.NewURL(t, engine)
			database := storetest.Open(t, databaseURL)
			execute(t, database, "CREATE SCHEMA app; CREATE SCHEMA other; "+extensions)
			first, second := storetest.Open(t, databaseURL+"&search_path=app"), storetest.Open(t, databaseURL+"&schema=other")
			for _, s := range []*store.Store{first, second} {
				if _, err := s.MigrateUp(t.Context()); err != nil {
					t.Fatalf("%s: %v", extensions, err)
				}
				if faults := schemaFaults(t, s); len(faults) > 0 {
					t.Errorf("%s: the schema has faults: %+v", extensions, faults)
				}
			}
			if left := read(t, database, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"); len(left) > 0 {
				t.Errorf("%s: these tables are in another schema: %v", extensions, left)
			}
			if same, err := first.IsSameDatabase(t.Context(), second); same || err != nil {
				t.Errorf("two installations in one database count as the same database: %v, error %v", same, err)
			}
			downTo(t, first, 0)
			if got := count(t, second, "tenants"); got != 1 {
				t.Errorf("%s: after the first installation was migrated down, the other has %d tenants, want its own one", extensions, got)
			}
			backTo(t, first, 0)
		}
	})
}
