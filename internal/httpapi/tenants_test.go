package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

const (
	tenantsPath   = "/api/v1/tenants"
	ownTenantPath = "/api/v1/tenant"
)

func tenantPath(id uuid.UUID) string { return tenantsPath + "/" + id.String() }

func suspend(t *testing.T, by *apitest.Actor, id uuid.UUID) api.Tenant {
	t.Helper()
	return apitest.Decode[api.Tenant](t, by.Do(t, http.MethodPost, tenantPath(id)+"/suspend", "").Want(t, 200))
}

func resume(t *testing.T, by *apitest.Actor, id uuid.UUID) api.Tenant {
	t.Helper()
	return apitest.Decode[api.Tenant](t, by.Do(t, http.MethodPost, tenantPath(id)+"/resume", "").Want(t, 200))
}

// setStatus sets a tenant's status directly in the database.
func setStatus(t *testing.T, a *apitest.App, id uuid.UUID, status string) {
	t.Helper()
	a.Exec(t, "UPDATE tenants SET status = '"+status+"' WHERE id = '"+id.String()+"'")
}

// inBothTrails returns the entries about a tenant with this action. It fails the test unless the
// platform's trail has the same entries as the tenant's own.
func inBothTrails(t *testing.T, a *apitest.App, id uuid.UUID, action string) []apitest.AuditEntry {
	t.Helper()
	own := a.AuditEntries(t, id, action)
	platform := slices.DeleteFunc(a.AuditEntries(t, access.PlatformTenantID, action), func(e apitest.AuditEntry) bool { return e.EntityID != id.String() })
	if fmt.Sprint(own) != fmt.Sprint(platform) {
		t.Errorf("%s: the tenant's trail has\n%+v\nthe platform's\n%+v", action, own, platform)
	}
	return own
}

func TestCreateTenant(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		t.Run("201 with only the required fields", func(t *testing.T) {
			reply := super.Do(t, http.MethodPost, tenantsPath, `{"code":"low-1","name":"Low"}`).Want(t, 201)
			got := apitest.Decode[api.Tenant](t, reply)
			if got.Code != "LOW-1" || got.Tier != "free" || got.Status != "active" || got.MaxCompanies != nil || got.MaxUsers != nil || got.ContactName != nil || got.Version != 1 || got.ID.Version() != 7 {
				t.Errorf("%+v", got)
			}
			if location := reply.Header.Get("Location"); reply.TaggedVersion() != 1 || location != tenantPath(got.ID) {
				t.Errorf("ETag %s, Location %s", reply.Header.Get("ETag"), location)
			}
			if read := apitest.Decode[api.Tenant](t, super.Do(t, http.MethodGet, tenantPath(got.ID), "").Want(t, 200)); read != got {
				t.Errorf("read %+v, created %+v", read, got)
			}
			entries := inBothTrails(t, a, got.ID, "tenant.create")
			if len(entries) != 1 || entries[0].ActorID != super.User.ID.String() || entries[0].EntityLabel != "Low" || entries[0].Changes["code"].After != "LOW-1" {
				t.Errorf("audit: %+v", entries)
			}
			a.ActorIn(t, got.ID, access.Admin).Do(t, http.MethodPost, companiesPath, `{"code":"A","name":"A"}`).Want(t, 201)
		})
		t.Run("201 with all fields", func(t *testing.T) {
			body := `{"code":"ALL","name":"All","tier":"enterprise","max_companies":0,"max_users":1000000000,"contact_name":"Ann","contact_email":"ann@example.com","contact_phone":"+1"}`
			got := apitest.Decode[api.Tenant](t, super.Do(t, http.MethodPost, tenantsPath, body).Want(t, 201))
			read := apitest.Decode[api.Tenant](t, super.Do(t, http.MethodGet, tenantPath(got.ID), "").Want(t, 200))
			for _, got := range []api.Tenant{got, read} {
				if got.Tier != "enterprise" || *got.MaxCompanies != 0 || *got.MaxUsers != 1000000000 || *got.ContactName != "Ann" || *got.ContactEmail != "ann@example.com" || *got.ContactPhone != "+1" {
					t.Errorf("%+v", got)
				}
			}
		})
		t.Run("409 when the code is taken", func(t *testing.T) {
			for _, code := range []string{a.Tenant(t).Code, "platform"} {
				reply := super.Do(t, http.MethodPost, tenantsPath, `{"code":"`+strings.ToLower(code)+`","name":"X"}`)
				reply.WantCode(t, 409, "already_exists")
				reply.WantField(t, "/code", "taken")
			}
		})
		t.Run("201 for one of many with the same code", func(t *testing.T) {
			var created, refused atomic.Int64
			var wait sync.WaitGroup
			for range 10 {
				wait.Go(func() {
					switch super.Do(t, http.MethodPost, tenantsPath, `{"code":"SAME","name":"Same"}`).Status {
					case 201:
						created.Add(1)
					case 409:
						refused.Add(1)
					}
				})
			}
			wait.Wait()
			if created.Load() != 1 || refused.Load() != 9 {
				t.Errorf("%d created and %d refused, want 1 and 9", created.Load(), refused.Load())
			}
		})
		t.Run("422", func(t *testing.T) {
			for body, place := range map[string]string{
				`{"name":"X"}`: "/code required", `{"code":"X"}`: "/name required", `{"code":"a b","name":"X"}`: "/code pattern", `{"code":"X","name":" "}`: "/name pattern",
				`{"code":"X","name":"X","max_companies":-1}`: "/max_companies minimum", `{"code":"X","name":"X","max_users":1000000001}`: "/max_users maximum",
				`{"code":"X","name":"X","max_users":1.5}`: "/max_users type", `{"code":"X","name":"X","tier":"gold"}`: "/tier not_allowed",
				`{"code":"X","name":"X","contact_email":"me"}`: "/contact_email format", `{"code":"X","name":"X","status":"suspended"}`: "/status unknown",
			} {
				reply := super.Do(t, http.MethodPost, tenantsPath, body)
				reply.WantCode(t, 422, "validation_failed")
				pointer, rule, _ := strings.Cut(place, " ")
				reply.WantField(t, pointer, rule)
			}
		})
	})
}

func TestGetTenant(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super, admin := a.Superuser(t), a.Actor(t, access.Admin)
		id := admin.User.TenantID
		t.Run("200, 304, 404", func(t *testing.T) {
			got := apitest.Decode[api.Tenant](t, super.Do(t, http.MethodGet, tenantPath(id), "").Want(t, 200))
			own := admin.Do(t, http.MethodGet, ownTenantPath, "").Want(t, 200)
			if got != apitest.Decode[api.Tenant](t, own) || got.ID != id || own.TaggedVersion() != 1 {
				t.Errorf("as a superuser %+v, as an admin %s", got, own.Body)
			}
			super.Do(t, http.MethodGet, tenantPath(uuid.New()), "").WantCode(t, 404, "not_found")
			super.Do(t, http.MethodGet, tenantPath(uuid.New())+"/usage", "").WantCode(t, 404, "not_found")
		})
		t.Run("403 for an admin, even of the tenant itself", func(t *testing.T) {
			admin.Do(t, http.MethodGet, tenantPath(id), "").WantCode(t, 403, "forbidden")
			admin.Do(t, http.MethodPut, tenantPath(id), `{"max_companies":null}`).WantCode(t, 403, "forbidden")
			admin.Do(t, http.MethodGet, tenantsPath, "").WantCode(t, 403, "forbidden")
		})
		t.Run("200 with the counts of this tenant alone", func(t *testing.T) {
			company := a.Company(t, id)
			a.Branch(t, company)
			a.Branch(t, company)
			for range 3 {
				a.Department(t, company)
			}
			a.User(t, id, access.User, func(u *db.User) { u.IsActive = false })
			other := a.Company(t, a.Tenant(t).ID)
			a.Branch(t, other)
			a.Exec(t, "UPDATE tenants SET max_companies = 7, max_users = 8 WHERE id = '"+id.String()+"'")
			got := apitest.Decode[api.TenantUsage](t, admin.Do(t, http.MethodGet, ownTenantPath+"/usage", "").Want(t, 200))
			if got.Companies != 1 || *got.MaxCompanies != 7 || got.Branches != 2 || got.Departments != 3 || got.Users != 2 || got.ActiveUsers != 1 || *got.MaxUsers != 8 || got.AuditEntries == 0 {
				t.Errorf("%+v", got)
			}
			if as := apitest.Decode[api.TenantUsage](t, super.Do(t, http.MethodGet, tenantPath(id)+"/usage", "").Want(t, 200)); as.Companies != 1 || as.Departments != 3 {
				t.Errorf("as a superuser: %+v", as)
			}
		})
	})
}

func TestUpdateTenant(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		fresh := func(t *testing.T) db.Tenant {
			t.Helper()
			return a.Tenant(t, func(row *db.Tenant) { row.MaxUsers, row.ContactName = new(int64(9)), new("Ann") })
		}
		update := func(t *testing.T, id uuid.UUID, body string, options ...apitest.Option) api.Tenant {
			t.Helper()
			return apitest.Decode[api.Tenant](t, super.Do(t, http.MethodPut, tenantPath(id), body, options...).Want(t, 200))
		}
		t.Run("200 changes the given fields, clears null, and keeps the rest", func(t *testing.T) {
			row := fresh(t)
			got := update(t, row.ID, `{"name":"Renamed","tier":"premium","max_companies":3,"max_users":null}`)
			if got.Name != "Renamed" || got.Tier != "premium" || *got.MaxCompanies != 3 || got.MaxUsers != nil || *got.ContactName != "Ann" || got.Code != row.Code || got.Status != "active" || got.Version != 2 {
				t.Errorf("%+v", got)
			}
			entries := inBothTrails(t, a, row.ID, "tenant.update")
			if len(entries) != 1 || len(entries[0].Changes) != 4 || entries[0].Changes["max_users"].Before != 9.0 || entries[0].Changes["max_users"].After != nil || entries[0].ActorID != super.User.ID.String() {
				t.Errorf("audit: %+v", entries)
			}
			found := apitest.Decode[api.TenantPage](t, super.Do(t, http.MethodGet, tenantsPath+"?q=RENAMED", "").Want(t, 200))
			if len(found.Items) != 1 || found.Items[0].ID != row.ID {
				t.Errorf("the search doesn't find the new name: %+v", found.Items)
			}
		})
		t.Run("200 without a change leaves version and trails alone", func(t *testing.T) {
			row := fresh(t)
			if got := update(t, row.ID, `{"name":"`+row.Name+`","code":"`+strings.ToLower(row.Code)+`","max_users":9}`); got.Version != 1 {
				t.Errorf("version %d, want 1", got.Version)
			}
			if entries := inBothTrails(t, a, row.ID, "tenant.update"); len(entries) != 0 {
				t.Errorf("audit: %+v", entries)
			}
		})
		t.Run("200 for the platform, with one entry", func(t *testing.T) {
			got := update(t, access.PlatformTenantID, `{"contact_name":"Ops"}`)
			if entries := a.AuditEntries(t, access.PlatformTenantID, "tenant.update"); *got.ContactName != "Ops" || entries[len(entries)-1].EntityID != got.ID.String() || entries[len(entries)-2].EntityID == got.ID.String() {
				t.Errorf("%+v, audit: %+v", got, entries)
			}
		})
		t.Run("404", func(t *testing.T) {
			super.Do(t, http.MethodPut, tenantPath(uuid.New()), `{"name":"x"}`).WantCode(t, 404, "not_found")
		})
		t.Run("409 when the code is taken", func(t *testing.T) {
			reply := super.Do(t, http.MethodPut, tenantPath(fresh(t).ID), `{"code":"platform"}`)
			reply.WantCode(t, 409, "already_exists")
			reply.WantField(t, "/code", "taken")
		})
		t.Run("409 while it is being deleted", func(t *testing.T) {
			row := fresh(t)
			setStatus(t, a, row.ID, "deleting")
			super.Do(t, http.MethodPut, tenantPath(row.ID), `{"name":"x"}`).WantCode(t, 409, "tenant_deleting")
		})
		t.Run("412 for another version", func(t *testing.T) {
			row := fresh(t)
			super.Do(t, http.MethodPut, tenantPath(row.ID), `{"name":"x"}`, apitest.Header("If-Match", `"2"`)).WantCode(t, 412, "stale_version")
			update(t, row.ID, `{"name":"x"}`, apitest.Header("If-Match", `"1"`))
		})
		t.Run("422 for the status, which only suspend and resume change", func(t *testing.T) {
			reply := super.Do(t, http.MethodPut, tenantPath(fresh(t).ID), `{"status":"suspended"}`)
			reply.WantCode(t, 422, "validation_failed")
			reply.WantField(t, "/status", "unknown")
		})
	})
}

func TestListTenants(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for i, name := range []string{"beta", "Alpha", "alpha", "100%_sure", "éclair"} {
			a.Tenant(t, func(row *db.Tenant) {
				row.Code, row.Name, row.CreatedAt = fmt.Sprintf("T%d", i), name, start.Add(time.Duration(i/2)*time.Second)
				if i%2 == 1 {
					row.Tier, row.Status, row.ContactEmail = "basic", "suspended", new("Someone@example.com")
				}
			})
		}
		list := func(t *testing.T, query url.Values) api.TenantPage {
			t.Helper()
			return apitest.Decode[api.TenantPage](t, super.Do(t, http.MethodGet, tenantsPath+"?"+query.Encode(), "").Want(t, 200))
		}
		codes := func(t *testing.T, query url.Values) string {
			t.Helper()
			var all []string
			for {
				page := list(t, query)
				for _, row := range page.Items {
					all = append(all, row.Code)
				}
				if page.NextCursor == nil {
					return strings.Join(all, " ")
				}
				query.Set("cursor", *page.NextCursor)
			}
		}
		t.Run("200 in each order, whatever the page size, with the platform", func(t *testing.T) {
			for sort, want := range map[string]string{
				"created_at": "PLATFORM T0 T1 T2 T3 T4", "-created_at": "T4 T3 T2 T1 T0 PLATFORM", "name": "T3 T1 T2 T0 PLATFORM T4", "-name": "T4 PLATFORM T0 T2 T1 T3",
			} {
				for _, limit := range []string{"1", "2", "5", "100"} {
					if got := codes(t, url.Values{"sort": {sort}, "limit": {limit}}); got != want {
						t.Errorf("sort %s, limit %s: %s, want %s", sort, limit, got, want)
					}
				}
			}
		})
		t.Run("200 with filters", func(t *testing.T) {
			for query, want := range map[string]string{
				"": "PLATFORM T0 T1 T2 T3 T4", "code=t3": "T3", "tier=basic": "T1 T3", "status=suspended": "T1 T3", "status=deleting": "", "tier=basic&status=active": "",
				"q=ALPHA": "T1 T2", "q=%25": "T3", "q=%C3%89clair": "T4", "q=someone@": "T1 T3", "q=platform": "PLATFORM", "q=alpha&tier=free": "T2",
			} {
				values, err := url.ParseQuery(query)
				if err != nil {
					t.Fatal(err)
				}
				if got := codes(t, values); got != want {
					t.Errorf("%s: %q, want %q", query, got, want)
				}
				values.Set("count", "true")
				if page := list(t, values); page.Total == nil || int(*page.Total) != len(strings.Fields(want)) {
					t.Errorf("%s: total %v, want %d", query, page.Total, len(strings.Fields(want)))
				}
			}
		})
		t.Run("200 follows the Link header", func(t *testing.T) {
			reply := super.Do(t, http.MethodGet, tenantsPath+"?limit=4&sort=name", "").Want(t, 200)
			next, _, _ := strings.Cut(strings.TrimPrefix(reply.Header.Get("Link"), "<"), ">")
			if page := apitest.Decode[api.TenantPage](t, super.Do(t, http.MethodGet, next, "").Want(t, 200)); len(page.Items) != 2 || page.NextCursor != nil {
				t.Errorf("last page: %+v", page)
			}
		})
		t.Run("422", func(t *testing.T) {
			cursor := *list(t, url.Values{"limit": {"1"}}).NextCursor
			for _, query := range []url.Values{{"cursor": {"nonsense"}}, {"cursor": {cursor}, "sort": {"name"}}, {"cursor": {cursor}, "tier": {"free"}}} {
				super.Do(t, http.MethodGet, tenantsPath+"?"+query.Encode(), "").WantCode(t, 422, "invalid_cursor")
			}
			// A cursor of another list is invalid, even of the same superuser.
			a.Company(t, access.PlatformTenantID)
			a.Company(t, access.PlatformTenantID)
			ofCompanies := *listCompanies(t, super, url.Values{"limit": {"1"}}).NextCursor
			super.Do(t, http.MethodGet, tenantsPath+"?cursor="+ofCompanies, "").WantCode(t, 422, "invalid_cursor")
			for query, rule := range map[string]string{"tier=gold": "not_allowed", "status=gone": "not_allowed", "limit=0": "minimum", "tenant_id=" + uuid.NewString(): "unknown"} {
				name, _, _ := strings.Cut(query, "=")
				super.Do(t, http.MethodGet, tenantsPath+"?"+query, "").WantField(t, name, rule)
			}
		})
	})
}

func TestSuspendAndResumeTenant(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		t.Run("200, and the tenant's users are refused until it is resumed", func(t *testing.T) {
			admin, bystander := a.Actor(t, access.Admin), a.Actor(t, access.Admin)
			id := admin.User.TenantID
			if got := suspend(t, super, id); got.Status != "suspended" || got.Version != 2 {
				t.Errorf("%+v", got)
			}
			admin.Do(t, http.MethodGet, companiesPath, "").WantCode(t, 403, "tenant_suspended")
			admin.Do(t, http.MethodPost, companiesPath, `{"code":"A","name":"A"}`).WantCode(t, 403, "tenant_suspended")
			a.Do(t, http.MethodPost, refreshPath, refreshBody(admin.RefreshToken)).WantCode(t, 403, "tenant_suspended")
			a.Do(t, http.MethodPost, loginPath, loginBody(admin.User.Email, apitest.Password)).WantCode(t, 403, "tenant_suspended")
			bystander.Do(t, http.MethodGet, companiesPath, "").Want(t, 200)

			if got := resume(t, super, id); got.Status != "active" || got.Version != 3 {
				t.Errorf("%+v", got)
			}
			admin.Do(t, http.MethodGet, companiesPath, "").Want(t, 200)
			a.Do(t, http.MethodPost, refreshPath, refreshBody(admin.RefreshToken)).Want(t, 200)
			for action, after := range map[string]string{"tenant.suspend": "suspended", "tenant.resume": "active"} {
				if entries := inBothTrails(t, a, id, action); len(entries) != 1 || len(entries[0].Changes) != 1 || entries[0].Changes["status"].After != after || entries[0].ActorID != super.User.ID.String() {
					t.Errorf("%s: %+v", action, entries)
				}
			}
		})
		t.Run("200 a second time, without a change", func(t *testing.T) {
			id := a.Tenant(t).ID
			if got := resume(t, super, id); got.Version != 1 {
				t.Errorf("resumed while active: %+v", got)
			}
			if one, two := suspend(t, super, id), suspend(t, super, id); one != two {
				t.Errorf("%+v, then %+v", one, two)
			}
			if suspended, resumed := inBothTrails(t, a, id, "tenant.suspend"), inBothTrails(t, a, id, "tenant.resume"); len(suspended) != 1 || len(resumed) != 0 {
				t.Errorf("audit: %+v %+v", suspended, resumed)
			}
		})
		t.Run("200, and a superuser still has access, with entries in both trails", func(t *testing.T) {
			admin := a.Actor(t, access.Admin)
			id := admin.User.TenantID
			company := a.Company(t, id)
			suspend(t, super, id)
			super.Do(t, http.MethodPut, companyPath(company.ID)+"?tenant_id="+id.String(), `{"name":"By a superuser"}`).Want(t, 200)
			super.Do(t, http.MethodGet, ownTenantPath+"?tenant_id="+id.String(), "").Want(t, 200)
			if entries := inBothTrails(t, a, id, "tenant.access"); len(entries) != 2 || entries[0].ActorID != super.User.ID.String() {
				t.Errorf("audit: %+v", entries)
			}
		})
		t.Run("404", func(t *testing.T) {
			super.Do(t, http.MethodPost, tenantPath(uuid.New())+"/suspend", "").WantCode(t, 404, "not_found")
			super.Do(t, http.MethodPost, tenantPath(uuid.New())+"/resume", "").WantCode(t, 404, "not_found")
		})
		t.Run("409 for the platform", func(t *testing.T) {
			super.Do(t, http.MethodPost, tenantPath(access.PlatformTenantID)+"/suspend", "").WantCode(t, 409, "platform_tenant")
			super.Do(t, http.MethodGet, tenantsPath, "").Want(t, 200)
		})
		t.Run("409 while it is being deleted", func(t *testing.T) {
			id := a.Tenant(t).ID
			setStatus(t, a, id, "deleting")
			super.Do(t, http.MethodPost, tenantPath(id)+"/suspend", "").WantCode(t, 409, "tenant_deleting")
			super.Do(t, http.MethodPost, tenantPath(id)+"/resume", "").WantCode(t, 409, "tenant_deleting")
		})
	})
}

// A refused user of a suspended tenant gets at most one entry a minute.
func TestRefusalsInASuspendedTenantAreAuditedOnceAMinute(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super, one := a.Superuser(t), a.Actor(t, access.Admin)
		id := one.User.TenantID
		two := a.ActorIn(t, id, access.Viewer)
		suspend(t, super, id)
		denied := func() []apitest.AuditEntry { return a.AuditEntries(t, id, "access.denied") }
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() { one.Do(t, http.MethodDelete, companyPath(uuid.New()), "").Want(t, 403) })
			wait.Go(func() { a.Do(t, http.MethodPost, refreshPath, refreshBody(one.RefreshToken)).Want(t, 403) })
		}
		wait.Wait()
		if got := denied(); len(got) != 1 || got[0].ActorID != one.User.ID.String() || got[0].Outcome != "denied" || got[0].Reason != "tenant_suspended" {
			t.Errorf("after many tries: %+v", got)
		}
		two.Do(t, http.MethodGet, companiesPath, "").Want(t, 403)
		if got := denied(); len(got) != 2 || got[1].ActorID != two.User.ID.String() {
			t.Errorf("after another user's requests: %+v", got)
		}
		a.Clock.Advance(time.Minute)
		one.Do(t, http.MethodGet, companiesPath, "").Want(t, 403)
		one.Do(t, http.MethodGet, companiesPath, "").Want(t, 403)
		if got := denied(); len(got) != 3 {
			t.Errorf("a minute later: %+v", got)
		}
	})
}

func TestCompanyQuota(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super, admin := a.Superuser(t), a.Actor(t, access.Admin)
		id := admin.User.TenantID
		limit := func(t *testing.T, most string) {
			t.Helper()
			super.Do(t, http.MethodPut, tenantPath(id), `{"max_companies":`+most+`}`).Want(t, 200)
		}
		create := func(t *testing.T, code string) apitest.Reply {
			t.Helper()
			return admin.Do(t, http.MethodPost, companiesPath, `{"code":"`+code+`","name":"X"}`)
		}
		limit(t, "1")
		first := apitest.Decode[api.Company](t, create(t, "A").Want(t, 201))
		create(t, "B").WantCode(t, 409, "quota_exceeded")
		super.Do(t, http.MethodPost, companiesPath+"?tenant_id="+id.String(), `{"code":"B","name":"X"}`).WantCode(t, 409, "quota_exceeded")
		limit(t, "2")
		create(t, "B").Want(t, 201)
		limit(t, "0") // deletes nothing
		create(t, "C").WantCode(t, 409, "quota_exceeded")
		admin.Do(t, http.MethodPut, companyPath(first.ID), `{"name":"Still here"}`).Want(t, 200)
		limit(t, "2")
		admin.Do(t, http.MethodDelete, companyPath(first.ID), "").Want(t, 204)
		create(t, "C").Want(t, 201)
		limit(t, "null")
		create(t, "D").Want(t, 201)
		if n := len(a.AuditEntries(t, id, "company.create")); n != 4 {
			t.Errorf("%d entries, want one for each of the 4 created companies", n)
		}
	})
}
