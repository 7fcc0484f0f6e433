package store_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// A search without an index reads all rows of a tenant.
func TestEverySearchOnPostgreSQLCanUseAnIndex(t *testing.T) {
	t.Parallel()
	lists := 0
	for name, s := range db.Statements {
		searches := slices.ContainsFunc(s.Postgres, func(o db.Option) bool { return strings.HasPrefix(o.Text, "(search_text LIKE ") })
		if searches != (s.Search != "") {
			t.Errorf("%s is a search: %t; its search variant: %q", name, searches, s.Search)
		}
		if !searches {
			continue
		}
		if !strings.Contains(s.Search, "FROM searchable_") && !strings.Contains(s.Search, "FROM tenants") {
			t.Errorf("%s can't use an index:\n%s", name, s.Search)
		}
		if s.Many {
			lists++
			if strings.Count(s.Search, "search_text LIKE") != 2 || !strings.Contains(s.Search, "WITH ahead AS") {
				t.Errorf("%s isn't prepared for both plans:\n%s", name, s.Search)
			}
		}
	}
	if lists == 0 {
		t.Error("no lists found")
	}
}

// lookedUp matches a plan that finds the searched text in an index.
var lookedUp = regexp.MustCompile(`"Index Cond": "[^"]*search_text ~~`)

// wantSearchViews expects a view of each searched table. The view has all columns of the table,
// tenantry_search owns it, and the serving role may read it.
func wantSearchViews(t *testing.T, s *store.Store) {
	t.Helper()
	const columns = `(SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '%s'::regclass AND attnum > 0 AND NOT attisdropped)`
	var want [][]string
	for _, table := range searchedTables(t, s) {
		list := read(t, s, "SELECT "+fmt.Sprintf(columns, table))[0][0]
		want = append(want, []string{"searchable_" + table, "tenantry_search", "tenantry_serving=SELECT", list})
	}
	got := read(t, s, `SELECT c.relname, c.relowner::regrole::text,
			(SELECT string_agg(grantee::regrole || '=' || privilege_type, ' ') FROM aclexplode(c.relacl) WHERE grantee <> c.relowner),
			(SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0)
		FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("views, owners, readers, columns (-want +got):\n%s", diff)
	}
}

// TestViewsForSearchingShowWhatTheirTablesShow reads the views as the serving role.
func TestViewsForSearchingShowWhatTheirTablesShow(t *testing.T) {
	t.Parallel()
	s := storetest.New(t, store.Postgres)
	conn, err := s.SQLDB().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	exec := func(text string, args ...any) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), text, args...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	one := func(text string, args ...any) (value string) {
		t.Helper()
		if err := conn.QueryRowContext(t.Context(), text, args...).Scan(&value); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return value
	}
	refused := func(text string) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), text); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: error %v, want permission denied", text, err)
		}
	}
	const columns = `code, name, name_key, search_text, created_at, updated_at, version`
	tenants := []string{uuid.NewString(), uuid.NewString()}
	for i, tenant := range tenants {
		exec(`INSERT INTO tenants (id, tier, status, `+columns+`) VALUES ($1, 'free', 'active', 'T' || $2::int, 'T', 't', 't', now(), now(), 1)`, tenant, i)
		exec(`INSERT INTO companies (tenant_id, id, is_active, `+columns+`)
			SELECT $1, gen_random_uuid(), true, 'C' || n, 'C', 'c', 'common ' || md5(n::text), now(), now(), 1 FROM generate_series(1, 2000) AS n`, tenant)
	}
	exec(`VACUUM ANALYZE companies`)
	wantSearchViews(t, s)
	if got := one(`SELECT count(*) FROM pg_class WHERE relowner = 'tenantry_search'::regrole AND relkind <> 'v'`); got != "0" {
		t.Errorf("tenantry_search owns %s other objects", got)
	}
	if got := one(`SELECT concat(rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, has_schema_privilege(oid, 'public', 'create'),
		has_table_privilege(oid, 'companies', 'insert, update, delete, truncate')) FROM pg_roles WHERE rolname = 'tenantry_search'`); got != "ffffff" {
		t.Errorf("tenantry_search has the privileges %s", got)
	}
	if got := one(`SELECT count(*) FROM pg_auth_members WHERE roleid = 'tenantry_search'::regrole AND pg_has_role(member, roleid, 'USAGE') AND NOT (SELECT rolsuper FROM pg_roles WHERE oid = member)`); got != "0" {
		t.Errorf("tenantry_search has %s members", got)
	}

	exec(`SET SESSION AUTHORIZATION tenantry_serving`)
	if got := one(`SELECT count(*) FROM searchable_companies`); got != "0" {
		t.Errorf("without a tenant there are %s rows", got)
	}
	exec(`SELECT set_config('app.unscoped', 'on', false)`)
	if got := one(`SELECT count(*) FROM searchable_users`); got != "0" {
		t.Errorf("unscoped there are %s users", got)
	}
	exec(`SELECT set_config('app.tenant_id', $1, false)`, tenants[0])
	if got := one(`SELECT count(*) || ' ' || min(tenant_id::text) || ' ' || max(tenant_id::text) FROM searchable_companies`); got != "2000 "+tenants[0]+" "+tenants[0] {
		t.Errorf("with a tenant the rows are %s", got)
	}
	if got := one(`SELECT count(*) FROM searchable_companies WHERE tenant_id = $1`, tenants[1]); got != "0" {
		t.Errorf("there are %s rows of another tenant", got)
	}
	refused(`DELETE FROM searchable_companies`)
	refused(`UPDATE searchable_companies SET name = ''`)
	refused(`SET ROLE tenantry_search`)
	refused(`DROP VIEW searchable_companies`)
	// For so few rows a sequential scan would be cheaper.
	exec(`SET enable_seqscan = off`)
	exec(`SET enable_indexscan = off`)
	for from, want := range map[string]bool{"searchable_companies": true, "companies": false} {
		plan := one(`EXPLAIN (FORMAT JSON) SELECT id FROM `+from+` WHERE tenant_id = $1 AND search_text LIKE '%c4ca4238a0b9%'`, tenants[0])
		if lookedUp.MatchString(plan) != want {
			t.Errorf("a search in %s uses an index: %t, want %t\n%s", from, !want, want, plan)
		}
	}
	exec(`RESET SESSION AUTHORIZATION`)
}
