package httpapi_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

const companiesPath = "/api/v1/org/companies"

func TestTenantsAreIsolated(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		mine, theirs := a.Actor(t, access.Admin), a.Actor(t, access.Admin)
		a.Company(t, mine.User.TenantID, func(c *db.Company) { c.Code = "MINE" })
		foreign := a.Company(t, theirs.User.TenantID, func(c *db.Company) { c.Code, c.Name = "SECRET", "Secret Ltd" })
		before := snapshot(t, a)

		headers := []apitest.Option{
			apitest.Header("X-Tenant-Id", theirs.User.TenantID.String()),
			apitest.Header("X-Tenant", theirs.User.TenantID.String()),
			apitest.Header("Cookie", "tenant_id="+theirs.User.TenantID.String()),
		}
		missing := mine.Do(t, http.MethodGet, companiesPath+"/"+uuid.NewString(), "")
		for _, path := range []string{companiesPath + "/" + foreign.ID.String(), companiesPath + "/" + foreign.ID.String() + "?tenant_id=" + mine.User.TenantID.String()} {
			got := mine.Do(t, http.MethodGet, path, "", headers...)
			if diff := cmp.Diff(withoutVariables(t, missing), withoutVariables(t, got)); diff != "" {
				t.Errorf("a foreign id is told from a missing one: %s", diff)
			}
			mine.Do(t, http.MethodPut, path, `{"name":"Stolen"}`, headers...).WantCode(t, 404, "not_found")
			mine.Do(t, http.MethodPut, path, `{"name":"Stolen"}`, apitest.Header("If-Match", `"1"`)).WantCode(t, 404, "not_found")
			mine.Do(t, http.MethodPut, path, `{"name":"Stolen"}`, apitest.Header("If-Match", `"9"`)).WantCode(t, 404, "not_found")
			mine.Do(t, http.MethodDelete, path, "", headers...).WantCode(t, 404, "not_found")
			mine.Do(t, http.MethodGet, path, "", apitest.Header("If-None-Match", `"1"`)).WantCode(t, 404, "not_found")
		}
		mine.Do(t, http.MethodDelete, companiesPath+"/"+foreign.ID.String()+"?dry_run=true", "").WantCode(t, 404, "not_found")

		for _, query := range []string{"", "?code=SECRET", "?q=secret", "?q=%25", "?sort=-name&count=true"} {
			page := apitest.Decode[api.CompanyPage](t, mine.Do(t, http.MethodGet, companiesPath+query, "", headers...).Want(t, 200))
			for _, c := range page.Items {
				if c.TenantID != mine.User.TenantID {
					t.Errorf("%q lists a company of another tenant", query)
				}
			}
			if page.Total != nil && *page.Total != 1 {
				t.Errorf("%q counts %d companies, want the 1 of the own tenant", query, *page.Total)
			}
		}
		mine.Do(t, http.MethodPost, companiesPath, `{"code":"X","name":"X","tenant_id":"`+theirs.User.TenantID.String()+`"}`).WantCode(t, 422, "validation_failed")
		if after := snapshot(t, a); after != before {
			t.Errorf("companies changed:\n%s\nwere\n%s", after, before)
		}

		// A code is unique in its tenant, not in the installation: that it is taken elsewhere doesn't show.
		created := apitest.Decode[api.Company](t, mine.Do(t, http.MethodPost, companiesPath, `{"code":"SECRET","name":"Mine"}`, headers...).Want(t, 201))
		if created.TenantID != mine.User.TenantID {
			t.Errorf("a header chose the tenant of a new company")
		}
	})
}

func TestBranchesAndDepartmentsAreIsolated(t *testing.T) {
	t.Parallel()
	eachUnit(t, func(t *testing.T, a *apitest.App, kind string) {
		mine, theirs := a.Actor(t, access.Admin), a.Actor(t, access.Admin)
		units[kind].add(t, a, a.Company(t, mine.User.TenantID))
		company := a.Company(t, theirs.User.TenantID)
		id, code, name := units[kind].add(t, a, company)
		path, list := units[kind].path+"/"+id.String(), units[kind].path
		before := snapshot(t, a)

		missing := mine.Do(t, http.MethodGet, list+"/"+uuid.NewString(), "")
		if diff := cmp.Diff(withoutVariables(t, missing), withoutVariables(t, mine.Do(t, http.MethodGet, path, ""))); diff != "" {
			t.Errorf("a foreign id is told from a missing one: %s", diff)
		}
		mine.Do(t, http.MethodGet, path, "", apitest.Header("If-None-Match", `"1"`)).WantCode(t, 404, "not_found")
		for _, tag := range []string{`"1"`, `"9"`, "*"} {
			mine.Do(t, http.MethodPut, path, `{"name":"Stolen"}`, apitest.Header("If-Match", tag)).WantCode(t, 404, "not_found")
			mine.Do(t, http.MethodDelete, path, "", apitest.Header("If-Match", tag)).WantCode(t, 404, "not_found")
		}
		mine.Do(t, http.MethodPut, path, `{"name":"Stolen"}`).WantCode(t, 404, "not_found")
		mine.Do(t, http.MethodDelete, path, "").WantCode(t, 404, "not_found")
		mine.Do(t, http.MethodDelete, path+"?dry_run=true", "").WantCode(t, 404, "not_found")
		for query, total := range map[string]int64{"": 1, "&sort=-name": 1, "&code=" + code: 0, "&q=" + url.QueryEscape(name): 0, "&company_id=" + company.ID.String(): 0} {
			page := apitest.Decode[unitPage](t, mine.Do(t, http.MethodGet, list+"?count=true"+query, "").Want(t, 200))
			if *page.Total != total || len(page.Items) != int(total) {
				t.Errorf("%q lists %d and counts %d, want %d of the own tenant", query, len(page.Items), *page.Total, total)
			}
		}
		if after := snapshot(t, a); after != before {
			t.Errorf("something changed:\n%s\nwas\n%s", after, before)
		}
		theirs.Do(t, http.MethodGet, path, "").Want(t, 200)
	})
}

// withoutVariables is a problem without what differs from request to request.
func withoutVariables(t *testing.T, r apitest.Reply) api.Problem {
	t.Helper()
	p := apitest.Decode[api.Problem](t, r.Want(t, 404))
	p.Instance, p.RequestID = "", ""
	return p
}

func TestSuperuserCrossing(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		tenant := a.Tenant(t)
		company := a.Company(t, tenant.ID)
		path := companiesPath + "/" + company.ID.String()

		super.Do(t, http.MethodGet, path, "").WantCode(t, 404, "not_found")
		reply := super.Do(t, http.MethodGet, path+"?tenant_id="+tenant.ID.String(), "").Want(t, 200)
		for _, where := range []uuid.UUID{tenant.ID, access.PlatformTenantID} {
			entries := a.AuditEntries(t, where, "tenant.access")
			if len(entries) != 1 || entries[0].EntityID != tenant.ID.String() || entries[0].ActorID != super.User.ID.String() ||
				entries[0].RequestID != reply.Header.Get("X-Request-Id") {
				t.Errorf("crossing in the trail of %s: %+v", where, entries)
			}
		}
		super.Do(t, http.MethodGet, path+"?tenant_id="+uuid.NewString(), "").WantCode(t, 404, "not_found")

		// What is done there belongs to that tenant, and is written down there.
		created := apitest.Decode[api.Company](t, super.Do(t, http.MethodPost, companiesPath+"?tenant_id="+tenant.ID.String(), `{"code":"NEW","name":"New"}`).Want(t, 201))
		if created.TenantID != tenant.ID {
			t.Errorf("created in tenant %s, want %s", created.TenantID, tenant.ID)
		}
		if entries := a.AuditEntries(t, tenant.ID, "company.create"); len(entries) != 1 || entries[0].ActorID != super.User.ID.String() {
			t.Errorf("company.create in the tenant's trail: %+v", entries)
		}
		// Their own tenant is no crossing.
		super.Do(t, http.MethodGet, companiesPath+"?tenant_id="+access.PlatformTenantID.String(), "").Want(t, 200)
		if entries := a.AuditEntries(t, access.PlatformTenantID, "tenant.access"); len(entries) != 2 {
			t.Errorf("%d crossings in the platform's trail, want 2", len(entries))
		}
	})
}
