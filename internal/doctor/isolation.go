package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

// isolation checks whether the database itself keeps tenants apart.
func (p Patient) isolation(ctx context.Context, s *store.Store) []Check {
	const name = "isolation"
	if s.Engine() != store.Postgres {
		return findings(name, fmt.Sprintf("%s has no row-level security", s.Engine()), nil)
	}
	r, err := s.RowSecurity(ctx)
	if err != nil {
		return findings(name, "", []Check{{
			Result: Failed, Detail: err.Error(), Fix: "as the owner of the tables: GRANT tenantry_serving TO the user of DATABASE_URL",
		}})
	}
	var found []Check
	if len(r.Open) > 0 {
		found = append(found, Check{
			Result: Failed, Detail: "row-level security doesn't protect " + strings.Join(r.Open, ", "),
			Fix: fmt.Sprintf("as the owner: ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; and so on, "+
				"with the policies that gen/migrations/postgres gives the table, and no others", r.Open[0]),
		})
	}
	switch {
	case r.Bypass:
		found = append(found, Check{
			Result: Failed, Detail: fmt.Sprintf("row-level security doesn't hold for the user %s, who is a superuser or has BYPASSRLS", r.Serving),
			Fix: anotherUser(r),
		})
	case r.Search:
		found = append(found, Check{
			Result: Failed, Detail: fmt.Sprintf("row-level security doesn't hold for the user %s, who may become tenantry_search", r.Serving),
			Fix: fmt.Sprintf("as a superuser: REVOKE tenantry_search FROM %s", r.Serving),
		})
	case r.Seen && len(r.Open) == 0:
		found = append(found, Check{
			Result: Failed, Detail: "a statement without a tenant sees rows of tenants",
			Fix: "compare the policies tenant_isolation and the views searchable_... with those of gen/migrations/postgres",
		})
	case r.Owner && p.Config.Environment != config.Development:
		found = append(found, Check{
			Result: Warning, Detail: fmt.Sprintf("row-level security holds, but the user %s of DATABASE_URL could take it down", r.User), Fix: anotherUser(r),
		})
	}
	if len(r.Stale) > 0 {
		found = append(found, Check{
			Result: Failed, Detail: "searches fail, because these views don't exist or lack a column of their table: " + strings.Join(r.Stale, ", "),
			Fix: "as the owner: make the views as gen/migrations/postgres does",
		})
	}
	if len(r.Slow) > 0 {
		found = append(found, Check{
			Result: Warning, Detail: "searches go through all rows of a tenant, because tenantry_search doesn't own " + strings.Join(r.Slow, ", "),
			Fix: "as a superuser: the statements for tenantry_search in docs/operations.md, \"Roles on PostgreSQL\"",
		})
	}
	return findings(name, "row-level security holds for "+r.Serving, found)
}

func anotherUser(r store.RowSecurity) string {
	return fmt.Sprintf("CREATE ROLE tenantry_app LOGIN PASSWORD '...' IN ROLE tenantry_serving; put that user into DATABASE_URL, and %s into MIGRATIONS_DATABASE_URL", r.User)
}
