package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/browsertest"
	"github.com/tenantry/tenantry/internal/store"
)

// The tenant at /api/v1/tenant depends on the user. The browser caches the first user's reply, and
// revalidates it for the second user.
func TestTwoUsersOfOneBrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.Start(t)
	a := apitest.New(t, store.SQLite)
	first, second := a.Actor(t, access.Admin), a.Actor(t, access.Admin)
	tab := browser.Tab(t)
	tab.Do(chromedp.Navigate(a.URL + "/api/docs"))
	read := func(as *apitest.Actor, path string) (id uuid.UUID) {
		tab.Do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(
			`got = ""; fetch(%q, {headers: {Authorization: "Bearer %s"}}).then(r => r.json()).then(body => got = body.id ?? "none"); undefined`, path, as.AccessToken)))
		id, err := uuid.Parse(browsertest.Get(tab, chromedp.Poll[string](`got`)))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return id
	}
	for _, as := range []*apitest.Actor{first, second, first} {
		if got := read(as, ownTenantPath); got != as.User.TenantID {
			t.Errorf("the browser shows tenant %s, want %s", got, as.User.TenantID)
		}
	}
}
