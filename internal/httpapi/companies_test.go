package httpapi_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

func companyPath(id uuid.UUID) string { return companiesPath + "/" + id.String() }

func text(s string) nullable.Nullable[string] { return nullable.NewNullableWithValue(s) }

func TestCreateCompany(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		t.Run("201 with all fields", func(t *testing.T) {
			admin := a.Actor(t, access.Admin)
			active := false
			reply, err := admin.Client(t).CreateCompanyWithResponse(t.Context(), nil, api.CompanyCreate{
				Code: "north-1", Name: "Nörth 🧭 <b>Ltd</b> 'O\\Neil'", Description: text("Über uns"), Email: text("a@b.example"),
				Phone: text("+47 22 00 00 00"), Website: text("https://north.example/x?y=1"), TaxID: text("NO 1"), RegistrationNumber: text("R-1"),
				Address: nullable.NewNullableWithValue(api.AddressUpdate{
					Line1: text("Karl Johans gate 1"), Line2: text("2"), City: text("Oslo"), State: text("Oslo"), PostalCode: text("0154"), Country: text("NO"),
				}),
				IsActive: &active,
			})
			if err != nil || reply.JSON201 == nil {
				t.Fatalf("%v %s", err, reply.Body)
			}
			got := *reply.JSON201
			ptr := func(s string) *string { return &s }
			want := api.Company{
				ID: got.ID, TenantID: admin.User.TenantID, Code: "NORTH-1", Name: "Nörth 🧭 <b>Ltd</b> 'O\\Neil'", Description: ptr("Über uns"), Email: ptr("a@b.example"),
				Phone: ptr("+47 22 00 00 00"), Website: ptr("https://north.example/x?y=1"), TaxID: ptr("NO 1"), RegistrationNumber: ptr("R-1"),
				Address: api.Address{
					Line1: ptr("Karl Johans gate 1"), Line2: ptr("2"), City: ptr("Oslo"), State: ptr("Oslo"), PostalCode: ptr("0154"), Country: ptr("NO"),
				},
				IsActive: false, CreatedAt: got.CreatedAt, UpdatedAt: got.CreatedAt, Version: 1,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if got.ID.Version() != 7 {
				t.Errorf("id %s has version %d, want 7", got.ID, got.ID.Version())
			}
			if location := reply.HTTPResponse.Header.Get("Location"); location != companyPath(got.ID) {
				t.Errorf("Location %s", location)
			}
			entries := a.AuditEntries(t, admin.User.TenantID, "company.create")
			if len(entries) != 1 || entries[0].EntityID != got.ID.String() || entries[0].Changes["city"].After != "Oslo" || entries[0].Changes["city"].Before != nil {
				t.Errorf("audit: %+v", entries)
			}
		})
		t.Run("409 for all but one of 1,000 at once", func(t *testing.T) {
			admin := a.Actor(t, access.Admin)
			var created, taken atomic.Int64
			var wait sync.WaitGroup
			for range 1000 {
				wait.Go(func() {
					reply := admin.Do(t, http.MethodPost, companiesPath, `{"code":"RACE","name":"Race"}`)
					for reply.Status == 503 { // this machine is too slow for so many at once
						reply = admin.Do(t, http.MethodPost, companiesPath, `{"code":"RACE","name":"Race"}`)
					}
					switch reply.Status {
					case 201:
						created.Add(1)
					case 409:
						taken.Add(1)
					default:
						t.Errorf("status %d: %s", reply.Status, reply.Body)
					}
				})
			}
			wait.Wait()
			if created.Load() != 1 || taken.Load() != 999 {
				t.Errorf("%d created and %d refused, want 1 and 999", created.Load(), taken.Load())
			}
			if entries := a.AuditEntries(t, admin.User.TenantID, "company.create"); len(entries) != 1 {
				t.Errorf("%d audit entries, want 1", len(entries))
			}
		})
	})
}

func TestGetCompany(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		viewer := a.Actor(t, access.Viewer)
		company := a.Company(t, viewer.User.TenantID)
		path := companyPath(company.ID)
		first := viewer.Do(t, http.MethodGet, path, "").Want(t, 200)
		if first.TaggedVersion() != 1 {
			t.Errorf("ETag %s, want version 1", first.Header.Get("ETag"))
		}
		tag := first.Header.Get("ETag")
		for value, want := range map[string]int{
			tag: 304, "W/" + tag: 304, `"0",` + tag: 304, `"a,b" , ` + tag: 304, "*": 304, `"1"`: 200, `"2"`: 200, strings.Trim(tag, `"`): 200,
		} {
			reply := viewer.Do(t, http.MethodGet, path, "", apitest.Header("If-None-Match", value))
			if reply.Status != want {
				t.Errorf("If-None-Match %s: %d, want %d", value, reply.Status, want)
			}
			if want == 304 && (len(reply.Body) > 0 || reply.Header.Get("ETag") != tag) {
				t.Errorf("304 with body %q and ETag %q", reply.Body, reply.Header.Get("ETag"))
			}
		}
		viewer.Do(t, http.MethodGet, companyPath(uuid.New()), "").WantCode(t, 404, "not_found")
		for _, id := range []string{"1", "%00", "%FF", strings.Repeat("a", 300), "{" + company.ID.String() + "}", "urn:uuid:" + company.ID.String()} {
			reply := viewer.Do(t, http.MethodGet, companiesPath+"/"+id, "")
			reply.WantCode(t, 422, "validation_failed")
			reply.WantField(t, "id", "format")
		}
		// A UUID is accepted in upper case.
		viewer.Do(t, http.MethodGet, companiesPath+"/"+strings.ToUpper(company.ID.String()), "").Want(t, 200)
	})
}

func TestUpdateCompany(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		fresh := func(t *testing.T) db.Company {
			t.Helper()
			return a.Company(t, admin.User.TenantID, func(c *db.Company) {
				city, line1, phone := "Oslo", "Gate 1", "123"
				c.City, c.AddressLine1, c.Phone = &city, &line1, &phone
			})
		}
		update := func(t *testing.T, c db.Company, body string, options ...apitest.Option) api.Company {
			t.Helper()
			return apitest.Decode[api.Company](t, admin.Do(t, http.MethodPut, companyPath(c.ID), body, options...).Want(t, 200))
		}
		t.Run("200 changes the given fields, clears null, and keeps the rest", func(t *testing.T) {
			c := fresh(t)
			got := update(t, c, `{"name":"New","phone":null,"address":{"city":null}}`)
			if got.Name != "New" || got.Phone != nil || got.Address.City != nil {
				t.Errorf("not changed: %+v", got)
			}
			if got.Code != c.Code || got.Address.Line1 == nil || *got.Address.Line1 != "Gate 1" || !got.IsActive || !got.CreatedAt.Equal(c.CreatedAt) {
				t.Errorf("changed other fields: %+v", got)
			}
			if got.Version != 2 {
				t.Errorf("version %d, want 2", got.Version)
			}
			found := apitest.Decode[api.CompanyPage](t, admin.Do(t, http.MethodGet, companiesPath+"?q=new", "").Want(t, 200))
			if len(found.Items) != 1 || found.Items[0].ID != c.ID {
				t.Errorf("the search doesn't find the new name: %+v", found.Items)
			}
			for _, e := range a.AuditEntries(t, admin.User.TenantID, "company.update") {
				if e.EntityID != c.ID.String() {
					continue
				}
				if len(e.Changes) != 3 || e.Changes["name"].Before != c.Name || e.Changes["name"].After != "New" || e.Changes["city"].Before != "Oslo" || e.Changes["city"].After != nil {
					t.Errorf("audit: %+v", e)
				}
			}
		})
		t.Run("200 clears a whole address", func(t *testing.T) {
			if got := update(t, fresh(t), `{"address":null}`); got.Address != (api.Address{}) {
				t.Errorf("%+v, want an empty address", got.Address)
			}
		})
		t.Run("412 for every tag but the current one", func(t *testing.T) {
			c := fresh(t)
			for _, tag := range []string{`"2"`, `W/"1"`, "1", `"1`, ""} {
				admin.Do(t, http.MethodPut, companyPath(c.ID), `{"name":"x"}`, apitest.Header("If-Match", tag)).WantCode(t, 412, "stale_version")
			}
			if got := update(t, c, `{"name":"Y"}`, apitest.Header("If-Match", `"7", "1"`)); got.Version != 2 {
				t.Errorf("version %d, want 2", got.Version)
			}
			update(t, c, `{"name":"Z"}`, apitest.Header("If-Match", "*"))
		})
		t.Run("200 for one of many with the same If-Match", func(t *testing.T) {
			c := fresh(t)
			var changed, stale atomic.Int64
			var wait sync.WaitGroup
			for i := range 20 {
				wait.Go(func() {
					switch reply := admin.Do(t, http.MethodPut, companyPath(c.ID), fmt.Sprintf(`{"name":"by %d"}`, i), apitest.Header("If-Match", `"1"`)); reply.Status {
					case 200:
						changed.Add(1)
					case 412:
						stale.Add(1)
					default:
						t.Errorf("status %d: %s", reply.Status, reply.Body)
					}
				})
			}
			wait.Wait()
			if changed.Load() != 1 || stale.Load() != 19 {
				t.Errorf("%d changed and %d stale, want 1 and 19", changed.Load(), stale.Load())
			}
		})
		t.Run("200 for all of many without If-Match, each a version", func(t *testing.T) {
			c := fresh(t)
			var wait sync.WaitGroup
			for i := range 8 {
				wait.Go(func() {
					if reply := admin.Do(t, http.MethodPut, companyPath(c.ID), fmt.Sprintf(`{"name":"by %d"}`, i)); reply.Status != 200 {
						t.Errorf("status %d: %s", reply.Status, reply.Body)
					}
				})
			}
			wait.Wait()
			if got := apitest.Decode[api.Company](t, admin.Do(t, http.MethodGet, companyPath(c.ID), "").Want(t, 200)); got.Version != 9 {
				t.Errorf("version %d after 8 changes, want 9", got.Version)
			}
		})
	})
}

func TestDeleteCompany(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		assigned := func(t *testing.T) (db.Company, db.User) {
			t.Helper()
			c := a.Company(t, admin.User.TenantID)
			return c, a.User(t, admin.User.TenantID, access.User, func(u *db.User) { u.CompanyID = &c.ID })
		}
		t.Run("200 with dry_run previews the deletion and changes nothing", func(t *testing.T) {
			c, user := assigned(t)
			before := snapshot(t, a)
			got := apitest.Decode[api.DeletionPreview](t, admin.Do(t, http.MethodDelete, companyPath(c.ID)+"?dry_run=true", "").Want(t, 200))
			if want := (api.DeletionPreview{Companies: 1, UsersDetached: 1}); !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, want %+v", got, want)
			}
			row, err := a.Store.GetUser(t.Context(), db.GetUserParams{TenantID: user.TenantID, ID: user.ID})
			if err != nil || row.CompanyID == nil || snapshot(t, a) != before || len(a.AuditEntries(t, admin.User.TenantID, "company.delete")) != 0 {
				t.Errorf("a dry run changed something: %+v %v", row, err)
			}
		})
		t.Run("204 deletes the company, detaches its users, and audits both", func(t *testing.T) {
			c, user := assigned(t)
			reply := admin.Do(t, http.MethodDelete, companyPath(c.ID)+"?dry_run=false", "", apitest.Header("If-Match", `"1"`)).Want(t, 204)
			admin.Do(t, http.MethodGet, companyPath(c.ID), "").WantCode(t, 404, "not_found")
			admin.Do(t, http.MethodDelete, companyPath(c.ID), "").WantCode(t, 404, "not_found")
			row, err := a.Store.GetUser(t.Context(), db.GetUserParams{TenantID: user.TenantID, ID: user.ID})
			if err != nil || row.CompanyID != nil || row.Version != 2 {
				t.Errorf("user after deletion: %+v %v", row, err)
			}
			deleted, updated := a.AuditEntries(t, admin.User.TenantID, "company.delete"), a.AuditEntries(t, admin.User.TenantID, "user.update")
			if len(deleted) != 1 || deleted[0].EntityID != c.ID.String() || deleted[0].Changes["name"].Before != c.Name || deleted[0].Changes["name"].After != nil {
				t.Errorf("company.delete: %+v", deleted)
			}
			if len(updated) != 1 || updated[0].EntityID != user.ID.String() || updated[0].Changes["company_id"].Before != c.ID.String() ||
				updated[0].RequestID != reply.Header.Get("X-Request-Id") || updated[0].RequestID != deleted[0].RequestID {
				t.Errorf("user.update: %+v", updated)
			}
		})
		t.Run("404", func(t *testing.T) {
			admin.Do(t, http.MethodDelete, companyPath(uuid.New()), "").WantCode(t, 404, "not_found")
			admin.Do(t, http.MethodDelete, companyPath(uuid.New())+"?dry_run=true", "").WantCode(t, 404, "not_found")
		})
		t.Run("412 changes nothing", func(t *testing.T) {
			c, _ := assigned(t)
			for _, query := range []string{"", "?dry_run=true"} {
				admin.Do(t, http.MethodDelete, companyPath(c.ID)+query, "", apitest.Header("If-Match", `"2"`)).WantCode(t, 412, "stale_version")
			}
			admin.Do(t, http.MethodGet, companyPath(c.ID), "").Want(t, 200)
		})
		t.Run("422 for an invalid dry_run, which deletes nothing", func(t *testing.T) {
			c, _ := assigned(t)
			for _, query := range []string{"?dryrun=true", "?dry_run=yes", "?dry_run=", "?dry_run", "?dry_run=true&dry_run=false"} {
				admin.Do(t, http.MethodDelete, companyPath(c.ID)+query, "").WantCode(t, 422, "validation_failed")
			}
			admin.Do(t, http.MethodGet, companyPath(c.ID), "").Want(t, 200)
		})
	})
}
