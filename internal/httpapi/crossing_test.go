package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

func TestSuperuserInAnotherTenant(t *testing.T) {
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
				t.Errorf("tenant.access in the trail of %s: %+v", where, entries)
			}
		}
		super.Do(t, http.MethodGet, path+"?tenant_id="+uuid.NewString(), "").WantCode(t, 404, "not_found")

		// The company belongs to that tenant, and the entry is in its trail.
		created := apitest.Decode[api.Company](t, super.Do(t, http.MethodPost, companiesPath+"?tenant_id="+tenant.ID.String(), `{"code":"NEW","name":"New"}`).Want(t, 201))
		if created.TenantID != tenant.ID {
			t.Errorf("created in tenant %s, want %s", created.TenantID, tenant.ID)
		}
		if entries := a.AuditEntries(t, tenant.ID, "company.create"); len(entries) != 1 || entries[0].ActorID != super.User.ID.String() {
			t.Errorf("company.create in the tenant's trail: %+v", entries)
		}
		// Naming their own tenant writes no entry.
		super.Do(t, http.MethodGet, companiesPath+"?tenant_id="+access.PlatformTenantID.String(), "").Want(t, 200)
		if entries := a.AuditEntries(t, access.PlatformTenantID, "tenant.access"); len(entries) != 2 {
			t.Errorf("%d entries tenant.access in the platform's trail, want 2", len(entries))
		}
	})
}

func TestReadsInAnotherTenantAreCountedInOneEntry(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		const reads = 10
		super := a.Superuser(t)
		tenant := a.Tenant(t)
		there := "?tenant_id=" + tenant.ID.String()
		requests := func(where uuid.UUID) (numbers []string) {
			t.Helper()
			path := auditPath + "?action=tenant.access&tenant_id=" + where.String()
			if where == tenant.ID {
				path = auditPath + "?action=tenant.access"
				page := apitest.Decode[api.AuditEntryPage](t, a.Login(t, a.User(t, tenant.ID, access.Admin)).Do(t, http.MethodGet, path, "").Want(t, 200))
				return numbersOf(page.Items)
			}
			return numbersOf(apitest.Decode[api.AuditEntryPage](t, super.Do(t, http.MethodGet, path, "").Want(t, 200)).Items)
		}
		want := func(what string, want ...string) {
			t.Helper()
			for _, where := range []uuid.UUID{tenant.ID, access.PlatformTenantID} {
				if got := requests(where); !slices.Equal(got, want) {
					t.Errorf("%s: entries in the trail of %s stand for %q requests, want %q", what, where, got, want)
				}
			}
		}
		super.Do(t, http.MethodGet, companiesPath+there, "").Want(t, 200)
		want("one read", `{}`)
		// The requests run at the same time.
		var reading sync.WaitGroup
		for range reads - 1 {
			reading.Go(func() { super.Do(t, http.MethodGet, usersPath+there, "").Want(t, 200) })
		}
		reading.Wait()
		ten := `{"requests":{"before":null,"after":10}}`
		want("ten reads", ten)
		super.Do(t, http.MethodPost, companiesPath+there, `{"code":"NEW","name":"New"}`).Want(t, 201)
		want("a change", `{}`, ten)
		a.Login(t, super.User).Do(t, http.MethodGet, companiesPath+there, "").Want(t, 200)
		want("a read of another session", `{}`, `{}`, ten)
		super.Do(t, http.MethodGet, companiesPath+there, "", apitest.Header("User-Agent", "another")).Want(t, 200)
		want("a read of another program", `{}`, `{}`, `{}`, ten)
		a.Clock.Advance(time.Minute + time.Second)
		super.Do(t, http.MethodGet, companiesPath+there, "").Want(t, 200)
		want("a read after a minute", `{}`, `{}`, `{}`, `{}`, ten)
		// Exports have the number, too, and the chain is intact.
		for _, path := range []string{auditExportPath + there + "&action=tenant.access", auditExportPath + there + "&action=tenant.access&format=csv"} {
			if body := string(super.Do(t, http.MethodGet, path, "").Want(t, 200).Body); !strings.Contains(strings.ReplaceAll(body, `""`, `"`), `"after":10`) {
				t.Errorf("%s: no count in %s", path, body)
			}
		}
	})
}

// numbersOf returns the changes of entries, formatted the same for all databases.
func numbersOf(entries []api.AuditEntry) (changes []string) {
	for _, e := range entries {
		changes = append(changes, string(e.Changes))
	}
	return changes
}

// Two tenants may use the same code.
func TestCodesAreUniqueInTheirTenantOnly(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		mine, theirs := a.Actor(t, access.Admin), a.Actor(t, access.Admin)
		a.Company(t, theirs.User.TenantID, func(c *db.Company) { c.Code = "TAKEN" })
		created := apitest.Decode[api.Company](t, mine.Do(t, http.MethodPost, companiesPath, `{"code":"TAKEN","name":"Mine"}`).Want(t, 201))
		if created.TenantID != mine.User.TenantID {
			t.Errorf("created in tenant %s, want %s", created.TenantID, mine.User.TenantID)
		}
	})
}

func TestSuperusersHaveToNameTheTenantOfNewResources(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		company := a.Company(t, access.PlatformTenantID)
		before := snapshot(t, a)
		for _, op := range apitest.Operations(t) {
			if !op.CreatesInTenant() {
				continue
			}
			method, path, body := attempt(op, company.ID)
			for _, address := range []string{path, strings.Replace(path, "/api/v1/org", "/api/org", 1)} {
				reply := super.Do(t, method, address, body)
				reply.WantCode(t, 409, "tenant_required")
				reply.WantField(t, "tenant_id", "required")
			}
			// Validation comes first.
			super.Do(t, method, path, "{}").WantCode(t, 422, "validation_failed")
		}
		if after := snapshot(t, a); after != before {
			t.Errorf("refused requests changed the organisation:\n%s\nwere\n%s", after, before)
		}
		own := super.Do(t, http.MethodPost, companiesPath+"?tenant_id="+access.PlatformTenantID.String(), `{"code":"OWN","name":"Own"}`)
		if created := apitest.Decode[api.Company](t, own.Want(t, 201)); created.TenantID != access.PlatformTenantID {
			t.Errorf("created in tenant %s, want the platform's", created.TenantID)
		}
	})
}
