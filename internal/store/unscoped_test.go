package store_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/db"
)

// unscoped maps the queries that may read the rows of all tenants to the reason.
var unscoped = map[string]string{
	"GetUserByEmailUnscoped":      "log-in knows an e-mail address and not yet a tenant",
	"ListUsersByEmailUnscoped":    "log-in, and whether an address is taken: earlier versions stored it in other forms",
	"GetOneTimeTokenUnscoped":     "whoever uses a one-time token knows the token and not yet a tenant",
	"GetLastPasswordHashUnscoped": "the highest cost of a password in use is that of all tenants",
	"ListUserEmailsUnscoped":      "the doctor looks for addresses in a former form in all tenants",
	"CountUsersUnscoped":          "whether an installation is new is a question about all tenants",
	"ListLegacyCallsUnscoped":     "who would miss the old paths is a question about all tenants",
	"ListTenantsToSealUnscoped":   "whoever seals audit entries looks for what others have left, in whichever tenant",
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
