package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
)

const deprecationsPath = "/api/v1/system/deprecations"

func TestLegacyPathsLeadToTheSameOperations(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	admin := a.Actor(t, access.Admin)
	company := a.Company(t, admin.User.TenantID)
	a.Company(t, admin.User.TenantID)

	login := a.Do(t, http.MethodPost, "/api/auth/login", `{"email":"`+admin.User.Email+`","password":"`+apitest.Password+`"}`).Want(t, 200)
	if apitest.Decode[api.TokenPair](t, login).AccessToken == "" {
		t.Error("log-in gives no token")
	}
	one := admin.Do(t, http.MethodGet, "/api/org/companies/"+company.ID.String(), "").Want(t, 200)
	if got := apitest.Decode[api.Company](t, one); got.ID != company.ID {
		t.Errorf("company %s, want %s", got.ID, company.ID)
	}
	want := map[string]string{
		"Deprecation": "@1796083200",                   // RFC 9745, section 2.1
		"Sunset":      "Fri, 31 Dec 2027 23:59:59 GMT", // RFC 8594, section 3
		"Link":        "</api/v1/org/companies/" + company.ID.String() + `>; rel="successor-version"`,
	}
	for name, value := range want {
		if got := one.Header.Get(name); got != value {
			t.Errorf("%s: %s, want %s", name, got, value)
		}
	}

	// A page has both links. The link to the next page has the new path.
	page := admin.Do(t, http.MethodGet, "/api/org/companies?limit=1", "").Want(t, 200)
	links := strings.Join(page.Header.Values("Link"), ", ")
	if !strings.Contains(links, `</api/v1/org/companies?cursor=`) || !strings.Contains(links, `</api/v1/org/companies>; rel="successor-version"`) {
		t.Errorf("Link: %s", links)
	}

	// The trail and the problem have the path that was called.
	created := admin.Do(t, http.MethodPost, "/api/org/companies", `{"code":"OLD","name":"Old"}`).Want(t, 201)
	if got := created.Header.Get("Location"); !strings.HasPrefix(got, "/api/v1/org/companies/") {
		t.Errorf("Location %s", got)
	}
	missing := admin.Do(t, http.MethodGet, "/api/org/companies/nonsense", "").WantCode(t, 422, "validation_failed")
	if missing.Instance != "/api/org/companies/nonsense" {
		t.Errorf("instance %s", missing.Instance)
	}
	entries := apitest.Decode[api.AuditEntryPage](t, admin.Do(t, http.MethodGet, "/api/v1/audit/logs?action=company.create", "").Want(t, 200)).Items
	if len(entries) != 1 || entries[0].Path != "/api/org/companies" {
		t.Errorf("entries %+v, want one of /api/org/companies", entries)
	}
}

func TestLegacyPathsOpenNothingElse(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	admin := a.Actor(t, access.Admin)
	for _, path := range []string{
		"/api/org", "/api/auth", "/api/org/", "/api/audit/logs", "/api/users", "/api/org/../audit/logs", "/api/org/%2e%2e/audit/logs",
		"/api/orgs/companies", "//api/org/companies", "/api/org//companies", "/API/org/companies", "/api/org/companies%2F",
	} {
		reply := admin.Do(t, http.MethodGet, path, "")
		if reply.Status != 404 {
			t.Errorf("%s answers %d", path, reply.Status)
		}
	}
	// An old path requires the same rights as the new one.
	a.Do(t, http.MethodGet, "/api/org/companies", "").WantCode(t, 401, "unauthenticated")
	a.ActorIn(t, admin.User.TenantID, access.Viewer).Do(t, http.MethodPost, "/api/org/companies", `{"code":"A","name":"A"}`).WantCode(t, 403, "forbidden")
	admin.Do(t, http.MethodPatch, "/api/org/companies", "").WantCode(t, 405, "method_not_allowed")
}

func TestDeprecations(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super, admin := a.Superuser(t), a.Actor(t, access.Admin)
		report := func() api.Deprecations {
			return apitest.Decode[api.Deprecations](t, super.Do(t, http.MethodGet, deprecationsPath, "").Want(t, 200))
		}
		if got := report(); len(got.Items) != 0 || !got.SunsetAt.Equal(time.Date(2027, 12, 31, 23, 59, 59, 0, time.UTC)) {
			t.Fatalf("%+v, want an empty list", got)
		}
		agent := apitest.Header("User-Agent", "old-client/1.0")
		for range 3 {
			admin.Do(t, http.MethodGet, "/api/org/companies", "", agent).Want(t, 200)
		}
		a.Clock.Advance(20 * time.Minute)
		admin.Do(t, http.MethodGet, "/api/org/companies", "", agent).Want(t, 200)
		admin.Do(t, http.MethodGet, "/api/org/nothing", "", agent).Want(t, 404)                                                    // no operation
		admin.Do(t, http.MethodGet, "/api/v1/org/companies", "", agent).Want(t, 200)                                               // not deprecated
		a.Do(t, http.MethodPost, "/api/auth/login", `{"email":"a@example.com","password":"wrong password"}`, agent).Want(t, 401)   // without a token
		admin.Do(t, http.MethodGet, "/api/org/companies", "", apitest.Header("User-Agent", strings.Repeat("ä", 300))).Want(t, 200) // cut
		got := report()
		if len(got.Items) != 3 {
			t.Fatalf("%+v, want three callers", got.Items)
		}
		byAgent := map[string]api.LegacyCalls{}
		for _, item := range got.Items {
			byAgent[item.OperationID+" "+item.UserAgent] = item
		}
		list := byAgent["listCompanies old-client/1.0"]
		if list.Calls != 4 || list.TenantID != admin.User.TenantID || list.TenantCode == "" || list.LastCalledAt.Sub(list.FirstCalledAt.Time) < 20*time.Minute {
			t.Errorf("%+v, want four calls of the tenant within 20 minutes", list)
		}
		if login := byAgent["login old-client/1.0"]; login.Calls != 1 || login.TenantID != access.PlatformTenantID {
			t.Errorf("%+v, want a call without a token", login)
		}
		if cut := byAgent["listCompanies "+strings.Repeat("ä", 200)]; cut.Calls != 1 {
			t.Errorf("%+v, want the long user agent, cut", got.Items)
		}

		// Counts add up across instances, and an instance that stops loses none.
		other := apitest.Start(t, a.Engine, a.Config)
		other.Do(t, http.MethodGet, "/api/org/companies", "", agent, apitest.Header("Authorization", "Bearer "+admin.AccessToken))
		other.Close()
		for _, item := range report().Items {
			if item.UserAgent == "old-client/1.0" && item.OperationID == "listCompanies" && item.Calls != 5 {
				t.Errorf("%d calls, want 5", item.Calls)
			}
		}
	})
}

func TestAnonymousCallsDoNotDisplaceDeprecations(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		superuser, admin := a.Superuser(t), a.Actor(t, access.Admin)
		report := func() api.Deprecations {
			return apitest.Decode[api.Deprecations](t, superuser.Do(t, http.MethodGet, deprecationsPath, "").Want(t, 200))
		}
		for i := range 1500 {
			a.Do(t, http.MethodPost, "/api/auth/logout", "", apitest.Header("User-Agent", fmt.Sprintf("made-up/%d", i))).Want(t, 401)
			if i == 300 {
				report() // saves the counts so far
			}
		}
		admin.Do(t, http.MethodGet, "/api/auth/me", "", apitest.Header("User-Agent", "honest/1.0")).Want(t, 200)
		superuser.Do(t, http.MethodGet, "/api/auth/me", "", apitest.Header("User-Agent", "operator/1.0")).Want(t, 200)
		var strangers, calls int64
		known := map[string]bool{}
		for _, item := range report().Items {
			known[item.UserAgent] = true
			if strings.HasPrefix(item.UserAgent, "made-up/") || item.UserAgent == "(others)" {
				strangers++
				calls += item.Calls
			}
		}
		if !known["honest/1.0"] || !known["operator/1.0"] || strangers > 101 || calls != 1500 {
			t.Errorf("%d anonymous calls in %d items, honest %t, operator %t; want 1500 in at most 101, and both", calls, strangers, known["honest/1.0"], known["operator/1.0"])
		}
	})
}
