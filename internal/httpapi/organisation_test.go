package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

const (
	branchesPath    = "/api/v1/org/branches"
	departmentsPath = "/api/v1/org/departments"
)

func branchPath(id uuid.UUID) string { return branchesPath + "/" + id.String() }

func departmentPath(id uuid.UUID) string { return departmentsPath + "/" + id.String() }

// unit is what branches and departments have in common for a client.
type unit struct {
	ID          uuid.UUID `json:"id"`
	CompanyID   uuid.UUID `json:"company_id"`
	Code        string    `json:"code"`
	Name        string    `json:"name"`
	Version     int64     `json:"version"`
	IsActive    bool      `json:"is_active"`
	Email       *string   `json:"email"`
	Description *string   `json:"description"`
}

// units are the two kinds of them.
var units = map[string]struct {
	path   string
	clears string // a text that may be null
	add    func(t *testing.T, a *apitest.App, company db.Company) (id uuid.UUID, code, name string)
}{
	"branch": {branchesPath, "email", func(t *testing.T, a *apitest.App, company db.Company) (uuid.UUID, string, string) {
		t.Helper()
		email := "old@example.com"
		b := a.Branch(t, company, func(b *db.Branch) { b.Email = &email })
		return b.ID, b.Code, b.Name
	}},
	"department": {departmentsPath, "description", func(t *testing.T, a *apitest.App, company db.Company) (uuid.UUID, string, string) {
		t.Helper()
		description := "old"
		d := a.Department(t, company, func(d *db.Department) { d.Description = &description })
		return d.ID, d.Code, d.Name
	}},
}

func eachUnit(t *testing.T, f func(t *testing.T, a *apitest.App, kind string)) {
	t.Helper()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		for kind := range units {
			t.Run(kind, func(t *testing.T) { f(t, a, kind) })
		}
	})
}

func TestCreateUnit(t *testing.T) {
	t.Parallel()
	eachUnit(t, func(t *testing.T, a *apitest.App, kind string) {
		path := units[kind].path
		admin := a.Actor(t, access.Admin)
		company, other := a.Company(t, admin.User.TenantID), a.Company(t, admin.User.TenantID)
		body := func(company uuid.UUID, code string) string {
			return `{"company_id":"` + company.String() + `","code":"` + code + `","name":"Name"}`
		}
		t.Run("201 with the least", func(t *testing.T) {
			reply := admin.Do(t, http.MethodPost, path, body(company.ID, "low-1")).Want(t, 201)
			got := apitest.Decode[unit](t, reply)
			if got.Code != "LOW-1" || got.CompanyID != company.ID || !got.IsActive || got.Version != 1 || got.ID.Version() != 7 {
				t.Errorf("%+v", got)
			}
			if location := reply.Header.Get("Location"); reply.TaggedVersion() != 1 || location != path+"/"+got.ID.String() {
				t.Errorf("ETag %s, Location %s", reply.Header.Get("ETag"), location)
			}
			read := apitest.Decode[unit](t, admin.Do(t, http.MethodGet, path+"/"+got.ID.String(), "").Want(t, 200))
			if read != got {
				t.Errorf("read %+v, created %+v", read, got)
			}
			entries := a.AuditEntries(t, admin.User.TenantID, kind+".create")
			if len(entries) != 1 || entries[0].EntityID != got.ID.String() || entries[0].Changes["company_id"].After != company.ID.String() {
				t.Errorf("audit: %+v", entries)
			}
		})
		t.Run("409 when the code is taken in the company", func(t *testing.T) {
			admin.Do(t, http.MethodPost, path, body(company.ID, "SAME")).Want(t, 201)
			reply := admin.Do(t, http.MethodPost, path, body(company.ID, "same"))
			reply.WantCode(t, 409, "already_exists")
			reply.WantField(t, "/code", "taken")
			admin.Do(t, http.MethodPost, path, body(other.ID, "SAME")).Want(t, 201)
		})
		t.Run("400 for a company that isn't there, or another tenant's", func(t *testing.T) {
			foreign := a.Company(t, a.Tenant(t).ID)
			for _, id := range []uuid.UUID{foreign.ID, uuid.New()} {
				reply := admin.Do(t, http.MethodPost, path, body(id, "NEW"))
				reply.WantCode(t, 400, "unknown_reference")
				reply.WantField(t, "/company_id", "unknown_reference")
			}
		})
		t.Run("422 without a company", func(t *testing.T) {
			reply := admin.Do(t, http.MethodPost, path, `{"code":"X","name":"X"}`)
			reply.WantCode(t, 422, "validation_failed")
			reply.WantField(t, "/company_id", "required")
		})
	})
}

func TestGetUnit(t *testing.T) {
	t.Parallel()
	eachUnit(t, func(t *testing.T, a *apitest.App, kind string) {
		viewer := a.Actor(t, access.Viewer)
		id, _, _ := units[kind].add(t, a, a.Company(t, viewer.User.TenantID))
		path := units[kind].path + "/" + id.String()
		if reply := viewer.Do(t, http.MethodGet, path, "").Want(t, 200); reply.TaggedVersion() != 1 {
			t.Errorf("ETag %s, want version 1", reply.Header.Get("ETag"))
		}
		viewer.Do(t, http.MethodGet, units[kind].path+"/"+uuid.NewString(), "").WantCode(t, 404, "not_found")
	})
}

func TestUpdateUnit(t *testing.T) {
	t.Parallel()
	eachUnit(t, func(t *testing.T, a *apitest.App, kind string) {
		admin := a.Actor(t, access.Admin)
		company := a.Company(t, admin.User.TenantID)
		fresh := func(t *testing.T) (path, code, name string) {
			t.Helper()
			id, code, name := units[kind].add(t, a, company)
			return units[kind].path + "/" + id.String(), code, name
		}
		t.Run("200 changes what is there, clears null and leaves the rest", func(t *testing.T) {
			path, code, name := fresh(t)
			reply := admin.Do(t, http.MethodPut, path, `{"name":"Renamed","`+units[kind].clears+`":null}`).Want(t, 200)
			got := apitest.Decode[unit](t, reply)
			if got.Name != "Renamed" || got.Code != code || got.Version != 2 || got.Email != nil || got.Description != nil || reply.TaggedVersion() != 2 {
				t.Errorf("%+v", got)
			}
			entries := a.AuditEntries(t, admin.User.TenantID, kind+".update")
			if len(entries) != 1 || len(entries[0].Changes) != 2 || entries[0].Changes["name"].Before != name || entries[0].Changes["name"].After != "Renamed" {
				t.Errorf("audit: %+v", entries)
			}
			if found := admin.Do(t, http.MethodGet, units[kind].path+"?q=RENAMED", "").Want(t, 200); !strings.Contains(string(found.Body), got.ID.String()) {
				t.Errorf("the search doesn't find the new name: %s", found.Body)
			}
		})
		t.Run("200 without a change leaves version and trail alone", func(t *testing.T) {
			before := len(a.AuditEntries(t, admin.User.TenantID, kind+".update"))
			path, code, name := fresh(t)
			got := apitest.Decode[unit](t, admin.Do(t, http.MethodPut, path, `{"name":"`+name+`","code":"`+strings.ToLower(code)+`"}`).Want(t, 200))
			if after := len(a.AuditEntries(t, admin.User.TenantID, kind+".update")); got.Version != 1 || after != before {
				t.Errorf("version %d, %d new entries", got.Version, after-before)
			}
		})
		t.Run("404", func(t *testing.T) {
			admin.Do(t, http.MethodPut, units[kind].path+"/"+uuid.NewString(), `{"name":"x"}`).WantCode(t, 404, "not_found")
		})
		t.Run("409 when the code is taken", func(t *testing.T) {
			_, taken, _ := fresh(t)
			path, _, _ := fresh(t)
			reply := admin.Do(t, http.MethodPut, path, `{"code":"`+taken+`"}`)
			reply.WantCode(t, 409, "already_exists")
			reply.WantField(t, "/code", "taken")
		})
		t.Run("412 for another version", func(t *testing.T) {
			path, _, _ := fresh(t)
			admin.Do(t, http.MethodPut, path, `{"name":"x"}`, apitest.Header("If-Match", `"2"`)).WantCode(t, 412, "stale_version")
			admin.Do(t, http.MethodPut, path, `{"name":"x"}`, apitest.Header("If-Match", `"1"`)).Want(t, 200)
		})
		t.Run("422 for another company", func(t *testing.T) {
			path, _, _ := fresh(t)
			reply := admin.Do(t, http.MethodPut, path, `{"company_id":"`+a.Company(t, admin.User.TenantID).ID.String()+`"}`)
			reply.WantCode(t, 422, "validation_failed")
			reply.WantField(t, "/company_id", "unknown")
		})
	})
}

func TestCreateBranchWithAllFields(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		company := a.Company(t, admin.User.TenantID)
		body := `{"company_id":"` + company.ID.String() + `","code":"OSLO","name":"Oslo","email":"o@example.com","phone":"+47","address":{"city":"Oslo","country":"NO"},` +
			`"latitude":59.9139,"longitude":-180,"is_headquarters":true,"is_active":false}`
		got := apitest.Decode[api.Branch](t, admin.Do(t, http.MethodPost, branchesPath, body).Want(t, 201))
		read := apitest.Decode[api.Branch](t, admin.Do(t, http.MethodGet, branchPath(got.ID), "").Want(t, 200))
		for _, b := range []api.Branch{got, read} {
			if *b.Email != "o@example.com" || *b.Phone != "+47" || *b.Address.City != "Oslo" || *b.Address.Country != "NO" ||
				*b.Latitude != 59.9139 || *b.Longitude != -180 || !b.IsHeadquarters || b.IsActive {
				t.Errorf("%+v", b)
			}
		}
		cleared := apitest.Decode[api.Branch](t, admin.Do(t, http.MethodPut, branchPath(got.ID), `{"latitude":null,"longitude":0,"address":null}`).Want(t, 200))
		if cleared.Latitude != nil || *cleared.Longitude != 0 || cleared.Address != (api.Address{}) {
			t.Errorf("%+v", cleared)
		}
		for place, value := range map[string]string{"/latitude": "90.1", "/longitude": "-180.5"} {
			reply := admin.Do(t, http.MethodPut, branchPath(got.ID), `{"`+place[1:]+`":`+value+`}`)
			reply.WantCode(t, 422, "validation_failed")
		}
	})
}
