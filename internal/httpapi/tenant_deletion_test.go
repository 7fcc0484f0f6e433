package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

func deletionPath(row db.Tenant) string { return tenantPath(row.ID) + "?confirm_code=" + row.Code }

func TestDeleteTenant(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		suspended := func(t *testing.T) db.Tenant {
			t.Helper()
			return a.Tenant(t, func(row *db.Tenant) { row.Status = "suspended" })
		}
		t.Run("204, and no row of it is left", func(t *testing.T) {
			row := a.Tenant(t)
			admin := a.ActorIn(t, row.ID, access.Admin)
			a.Department(t, a.Company(t, row.ID))
			suspend(t, super, row.ID)
			super.Do(t, http.MethodDelete, deletionPath(row), "", apitest.Header("If-Match", `"2"`)).Want(t, 204)
			super.Do(t, http.MethodGet, tenantPath(row.ID), "").WantCode(t, 404, "not_found")
			super.Do(t, http.MethodDelete, deletionPath(row), "").WantCode(t, 404, "not_found")
			super.Do(t, http.MethodGet, companiesPath+"?tenant_id="+row.ID.String(), "").WantCode(t, 404, "not_found")
			admin.Do(t, http.MethodGet, companiesPath, "").WantCode(t, 401, "session_ended")
			a.Do(t, http.MethodPost, loginPath, loginBody(admin.User.Email, apitest.Password)).WantCode(t, 401, "invalid_credentials")
			super.Do(t, http.MethodPost, tenantsPath, `{"code":"`+row.Code+`","name":"Again"}`).Want(t, 201)
		})
		t.Run("202 until it is complete, while all requests in it are refused", func(t *testing.T) {
			row := a.Tenant(t)
			admin := a.ActorIn(t, row.ID, access.Admin)
			company := a.Company(t, row.ID)
			suspend(t, super, row.ID)
			a.Clock.Step(4 * time.Second)
			reply := super.Do(t, http.MethodDelete, deletionPath(row), "").Want(t, 202)
			a.Clock.Step(0)
			got := apitest.Decode[api.Tenant](t, reply)
			if got.Status != "deleting" || got.Version != 3 || reply.TaggedVersion() != 3 || reply.Header.Get("Retry-After") != "1" {
				t.Errorf("%+v, ETag %s, Retry-After %s", got, reply.Header.Get("ETag"), reply.Header.Get("Retry-After"))
			}
			super.Do(t, http.MethodPost, tenantPath(row.ID)+"/resume", "").WantCode(t, 409, "tenant_deleting")
			super.Do(t, http.MethodPost, companiesPath+"?tenant_id="+row.ID.String(), `{"code":"NEW","name":"New"}`).WantCode(t, 404, "not_found")
			super.Do(t, http.MethodGet, companyPath(company.ID)+"?tenant_id="+row.ID.String(), "").WantCode(t, 404, "not_found")
			// Sessions that aren't deleted yet are refused.
			if reply := admin.Do(t, http.MethodGet, companiesPath, ""); reply.Status != 403 && reply.Status != 401 {
				t.Errorf("status %d: %s", reply.Status, reply.Body)
			}
			if read := apitest.Decode[api.Tenant](t, super.Do(t, http.MethodGet, tenantPath(row.ID), "").Want(t, 200)); read != got {
				t.Errorf("read %+v, the deletion answered %+v", read, got)
			}
			super.Do(t, http.MethodDelete, deletionPath(row), "", apitest.Header("If-Match", `"3"`)).Want(t, 204)
			super.Do(t, http.MethodGet, tenantPath(row.ID), "").WantCode(t, 404, "not_found")
		})
		t.Run("404", func(t *testing.T) {
			super.Do(t, http.MethodDelete, tenantPath(uuid.New())+"?confirm_code=X", "").WantCode(t, 404, "not_found")
		})
		t.Run("409 unless it is suspended", func(t *testing.T) {
			row := a.Tenant(t)
			super.Do(t, http.MethodDelete, deletionPath(row), "").WantCode(t, 409, "not_suspended")
			super.Do(t, http.MethodGet, tenantPath(row.ID), "").Want(t, 200)
		})
		t.Run("409 for the platform", func(t *testing.T) {
			super.Do(t, http.MethodDelete, tenantPath(access.PlatformTenantID)+"?confirm_code=PLATFORM", "").WantCode(t, 409, "platform_tenant")
		})
		t.Run("412 for another version", func(t *testing.T) {
			row := suspended(t)
			super.Do(t, http.MethodDelete, deletionPath(row), "", apitest.Header("If-Match", `"2"`)).WantCode(t, 412, "stale_version")
			super.Do(t, http.MethodGet, tenantPath(row.ID), "").Want(t, 200)
		})
		t.Run("422 without the right code", func(t *testing.T) {
			row := suspended(t)
			for query, rule := range map[string]string{"": "required", "?confirm_code=": "too_short", "?confirm_code=" + a.Tenant(t).Code: "wrong", "?confirm_code=" + row.Code + "%20": "wrong"} {
				reply := super.Do(t, http.MethodDelete, tenantPath(row.ID)+query, "")
				reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, "confirm_code", rule)
			}
			if got := apitest.Decode[api.Tenant](t, super.Do(t, http.MethodGet, tenantPath(row.ID), "").Want(t, 200)); got.Status != "suspended" {
				t.Errorf("%+v", got)
			}
		})
	})
}
