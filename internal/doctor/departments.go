package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/org"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	departmentsTimeout = 20 * time.Second
	tenantsPerPage     = 1000
)

// departments finds departments that are their own ancestors. Only a direct change of the database
// can cause that.
func (p Patient) departments(ctx context.Context, s *store.Store) []Check {
	const name = "departments"
	ctx, cancel := context.WithTimeout(ctx, departmentsTimeout)
	defer cancel()
	var found []Check
	after, looked := "", 0
	for {
		page, err := s.ListTenantCodes(ctx, db.ListTenantCodesParams{AfterCode: after, Limit: tenantsPerPage})
		for _, tenant := range page {
			var codes []string
			if codes, err = org.Cycles(ctx, s, tenant.ID); err != nil {
				break
			}
			after, looked = tenant.Code, looked+1
			if len(codes) > 0 {
				found = append(found, Check{
					Result: Warning, Detail: fmt.Sprintf("departments of tenant %s are below themselves: %s", tenant.Code, strings.Join(codes, ", ")),
					Fix: "give each of them another parent, or none, with PUT /api/v1/org/departments/{id}",
				})
			}
		}
		if err != nil {
			found = append(found, Check{Result: Warning, Detail: fmt.Sprintf("only the departments of %d tenants were looked at: %v", looked, err), Fix: "run the doctor again when the database has less to do"})
		}
		if err != nil || len(page) < tenantsPerPage {
			return findings(name, "no department is below itself", found)
		}
	}
}
