package store_test

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// TestOwnerWithoutMoreRightsMigrates migrates up, down and up again as the owner of a PostgreSQL
// database who isn't a superuser. Row-level security applies to this owner, and only members of
// tenantry_search may change the views for searching.
func TestOwnerWithoutMoreRightsMigrates(t *testing.T) {
	t.Parallel()
	for owns, membership := range map[string]string{"tenantry_search": " IN ROLE tenantry_search", "": ""} {
		t.Run(owns, func(t *testing.T) {
			t.Parallel()
			databaseURL := storetest.NewURL(t, store.Postgres)
			superuser := storetest.Open(t, databaseURL)
			u, err := url.Parse(databaseURL)
			if err != nil {
				t.Fatal(err)
			}
			name, password := "tenantry_test_"+strings.ToLower(rand.Text()), rand.Text()
			execute(t, superuser, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'%s", name, password, membership))
			t.Cleanup(func() {
				exec(t, connect(t, databaseURL), fmt.Sprintf("REASSIGN OWNED BY %s TO CURRENT_USER; DROP OWNED BY %[1]s; DROP ROLE %[1]s", name))
			})
			execute(t, superuser, fmt.Sprintf("ALTER DATABASE %s OWNER TO %s", strings.TrimPrefix(u.Path, "/"), name))
			u.User = url.UserPassword(name, password)
			owner := storetest.Open(t, u.String())
			if _, err := owner.MigrateUp(t.Context()); err != nil {
				t.Fatal(err)
			}

			const sealed = `INSERT INTO audit_links (tenant_id, entry_id, occurred_at, key_id, mac, seal_number)
				VALUES ('00000000-0000-7000-8000-000000000000', '00000000-0000-7000-8000-000000000001', now(), 'k', '', 1)`
			execute(t, superuser, sealed)
			downTo(t, owner, versionOf(t, store.Postgres, "create_audit_seals")-1)
			if got := read(t, superuser, "SELECT seal_number FROM audit_links"); len(got) != 1 || got[0][0] != "0" {
				t.Errorf("links have the seal numbers %v; want one link without a seal", got)
			}
			if flags := read(t, superuser, "SELECT relforcerowsecurity::text FROM pg_class WHERE relname = 'audit_links'"); flags[0][0] != "true" {
				t.Error("the migration left a table without forced row-level security")
			}
			backTo(t, owner, 0)

			later := generate(t, store.Postgres, "ALTER TABLE users ADD COLUMN nickname key(64);\n")
			for _, section := range []string{"Up", "Down"} {
				later.run(t, owner, section)
				if owns != "" {
					wantSearchViews(t, superuser)
				}
			}
			if views := read(t, superuser, fmt.Sprintf("SELECT viewname FROM pg_views WHERE viewowner = '%s'", name)); (len(views) == 0) != (owns != "") {
				t.Errorf("the owner of the tables has the views %v", views)
			}
		})
	}
}
