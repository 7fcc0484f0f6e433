package store_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/db"
)

// unscoped maps the queries that may read the rows of all tenants to the reason.
var unscoped = map[string]string{
	"ListMembershipsUnscoped":              "an account has users in several tenants",
	"DeleteAccountUnscoped":                "an account is deleted if it has no user in any tenant",
	"DeleteManagedAccountsBetweenUnscoped": "as DeleteAccountUnscoped",
	"GetOneTimeTokenUnscoped":              "whoever uses a one-time token knows the token and not yet a tenant",
	"ListLegacyCallsUnscoped":              "who would miss the old paths is a question about all tenants",
	"ListTenantsToSealUnscoped":            "whoever seals audit entries looks for what others have left, in whichever tenant",
}

func TestUnscopedQueriesHaveAReason(t *testing.T) {
	t.Parallel()
	existing := make(map[string]bool)
	for method := range reflect.TypeFor[db.Querier]().Methods() {
		if !strings.HasSuffix(method.Name, "Unscoped") {
			continue
		}
		existing[method.Name] = true
		if unscoped[method.Name] == "" {
			t.Errorf("%s reads the rows of all tenants: add a condition on tenant_id, or add it to this list with a reason", method.Name)
		}
	}
	for name := range unscoped {
		if !existing[name] {
			t.Errorf("%s is in this list but is no query any more", name)
		}
	}
}
