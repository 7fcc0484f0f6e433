package store_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestMissingSchemaIsNamedAsTheCause(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine != store.Postgres {
			return // other engines have no search_path
		}
		u, err := url.Parse(storetest.NewURL(t, engine))
		if err != nil {
			t.Fatal(err)
		}
		query := u.Query()
		query.Set("search_path", "nosuch")
		u.RawQuery = query.Encode()
		if _, err := storetest.Open(t, u.String()).MigrateUp(t.Context()); err == nil || !strings.Contains(err.Error(), "the schema doesn't exist") {
			t.Errorf("error is %v, want one about the schema", err)
		}
	})
}
