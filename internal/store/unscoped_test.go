package store_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// unscoped are the queries that look at the rows of all tenants, each with the reason why it has to.
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
			t.Errorf("%s sees the rows of all tenants: scope it by tenant_id, or list it here with the reason why that can't be", method.Name)
		}
	}
	for name := range unscoped {
		if !existing[name] {
			t.Errorf("%s is listed here but is no query any more", name)
		}
	}
}

// The rule in sqlc.yaml that a query has to be scoped goes by the names of tables. One that is missing there isn't checked.
func TestRuleForQueriesKnowsEveryTableOfTenants(t *testing.T) {
	t.Parallel()
	config, err := os.ReadFile("../../sqlc.yaml")
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`\(from\|join\|into\|update\)\\\\s\+\(([a-z_|]+)\)`).FindSubmatch(config)
	if match == nil {
		t.Fatal("sqlc.yaml has no rule with a list of tables any more")
	}
	known := strings.Split(string(match[1]), "|")
	tables := read(t, storetest.New(t, store.SQLite), `
		SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'tenant_id' WHERE m.type = 'table'`)
	if len(tables) < 10 {
		t.Errorf("only %d tables of tenants were found", len(tables))
	}
	for _, row := range tables {
		if !slices.Contains(known, row[0]) {
			t.Errorf("the rule tenant-scope of sqlc.yaml doesn't know the table %s", row[0])
		}
	}
}
