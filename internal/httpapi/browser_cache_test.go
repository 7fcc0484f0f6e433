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

// One address has another tenant for each user. The browser keeps what the first one got, and asks
// whether it is still true when the second one wants to know.
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
