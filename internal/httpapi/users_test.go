package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

const usersPath = "/api/v1/users"

func userPath(id uuid.UUID) string { return usersPath + "/" + id.String() }

// userNow returns a user as the tenant's admins see it.
func userNow(t *testing.T, by *apitest.Actor, id uuid.UUID) api.User {
	t.Helper()
	return apitest.Decode[api.User](t, by.Do(t, http.MethodGet, userPath(id), "").Want(t, 200))
}

func newUserBody(email string, more ...string) string {
	return `{` + strings.Join(append([]string{`"email":"` + email + `","full_name":"Jonas Berg","role":"user"`}, more...), ",") + `}`
}

// wantRefusedAddress fails the test unless a tenant's trail records that an address was refused
// because another user has it.
func wantRefusedAddress(t *testing.T, a *apitest.App, tenantID uuid.UUID, action, requestID, address string) {
	t.Helper()
	for _, e := range a.AuditEntries(t, tenantID, action) {
		if e.RequestID == requestID && e.Outcome == "failure" && e.Reason == "already_exists" && e.EntityLabel == address {
			return
		}
	}
	t.Errorf("the trail has no entry for the refused address %s", address)
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		company := a.Company(t, admin.User.TenantID)
		branch := a.Branch(t, company)
		department := a.Department(t, company, func(d *db.Department) { d.BranchID = &branch.ID })
		t.Run("201 with all fields, in lower case, and a token that isn't stored", func(t *testing.T) {
			body := newUserBody("Jonas.Berg@Example.com", `"phone":"+47 22"`,
				`"company_id":"`+company.ID.String()+`","branch_id":"`+branch.ID.String()+`","department_id":"`+department.ID.String()+`"`)
			reply := admin.Do(t, http.MethodPost, usersPath, body).Want(t, 201)
			created := apitest.Decode[api.CreatedUser](t, reply)
			got := created.User
			if got.Email != "jonas.berg@example.com" || got.TenantID != admin.User.TenantID || got.FullName != "Jonas Berg" || *got.Phone != "+47 22" ||
				got.Role != api.RoleUser || !got.IsActive || got.IsSuperuser || got.LastLoginAt != nil || got.Version != 1 || got.ID.Version() != 7 ||
				*got.CompanyID != company.ID || *got.BranchID != branch.ID || *got.DepartmentID != department.ID {
				t.Errorf("%+v", got)
			}
			if location := reply.Header.Get("Location"); reply.TaggedVersion() != 1 || location != userPath(got.ID) {
				t.Errorf("ETag %s, Location %s", reply.Header.Get("ETag"), location)
			}
			if cache := reply.Header.Get("Cache-Control"); cache != "no-store" {
				t.Errorf("Cache-Control %q, want no-store", cache)
			}
			if read := userNow(t, admin, got.ID); *read.CompanyID != company.ID || read.Email != got.Email {
				t.Errorf("read %+v, created %+v", read, got)
			}
			entries := a.AuditEntries(t, admin.User.TenantID, "user.create")
			if len(entries) != 1 || entries[0].EntityID != got.ID.String() || entries[0].Changes["email"].After != got.Email || entries[0].Changes["role"].After != "user" {
				t.Errorf("audit: %+v", entries)
			}
			token := created.OneTimeToken
			if len(token.Token) != 43 || token.Link != nil || token.ExpiresAt.Sub(got.CreatedAt.Time).Round(time.Hour) != 72*time.Hour {
				t.Errorf("%+v, want 256 bits for 72 hours, and no link without a page", token)
			}
			isNowhere(t, a, token.Token)
			a.Do(t, http.MethodPost, loginPath, loginBody(got.Email, token.Token)).WantCode(t, 401, "invalid_credentials")
		})
		t.Run("409 for an e-mail address that a user of the tenant has", func(t *testing.T) {
			reply := admin.Do(t, http.MethodPost, usersPath, newUserBody(strings.ToUpper(admin.User.Email)))
			problem := reply.WantCode(t, 409, "already_exists")
			reply.WantField(t, "/email", "taken")
			wantRefusedAddress(t, a, admin.User.TenantID, "user.create", problem.RequestID, admin.User.Email)
		})
		t.Run("422 for invalid fields", func(t *testing.T) {
			for place, rule := range map[string]string{
				`"email":" a@example.com"`: "pattern", `"email":"a b@example.com"`: "pattern", `"email":"nobody"`: "format", `"email":null`: "type",
				`"email":"` + strings.Repeat("x", 250) + `@b.example"`: "too_long",
				`"full_name":" "`: "pattern", `"role":"superuser"`: "not_allowed", `"role":"root"`: "not_allowed",
				`"is_superuser":true`: "unknown", `"is_active":true`: "unknown", `"password":"` + newPassword + `"`: "unknown", `"password_hash":"x"`: "unknown",
				`"tenant_id":"` + uuid.NewString() + `"`: "unknown", `"id":"` + uuid.NewString() + `"`: "unknown", `"version":9`: "unknown",
			} {
				name, _, _ := strings.Cut(place[1:], `"`)
				body := strings.Replace(newUserBody("new@example.org"), "{", "{"+place+",", 1)
				if strings.Contains(newUserBody(""), `"`+name+`"`) { // a body must not have the field twice
					body = `{` + place + `}`
				}
				reply := admin.Do(t, http.MethodPost, usersPath, body)
				reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, "/"+name, rule)
			}
			reply := admin.Do(t, http.MethodPost, usersPath, `{}`)
			for _, place := range []string{"/email", "/full_name", "/role"} {
				reply.WantField(t, place, "required")
			}
		})
		t.Run("201 in the tenant that a superuser names", func(t *testing.T) {
			reply := a.Superuser(t).Do(t, http.MethodPost, usersPath+"?tenant_id="+admin.User.TenantID.String(), newUserBody("crossing@example.org"))
			if got := apitest.Decode[api.CreatedUser](t, reply.Want(t, 201)).User; got.TenantID != admin.User.TenantID || got.IsSuperuser {
				t.Errorf("%+v", got)
			}
		})
	})
}

func TestUserAssignment(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		company, other, foreign := a.Company(t, admin.User.TenantID), a.Company(t, admin.User.TenantID), a.Company(t, a.Tenant(t).ID)
		branch, second, elsewhere := a.Branch(t, company), a.Branch(t, company), a.Branch(t, other)
		inBranch := a.Department(t, company, func(d *db.Department) { d.BranchID = &branch.ID })
		inNone, inOther := a.Department(t, company), a.Department(t, other)
		assignment := func(company, branch, department any) string {
			parts := []string{}
			for name, id := range map[string]any{"company_id": company, "branch_id": branch, "department_id": department} {
				if id, ok := id.(uuid.UUID); ok {
					parts = append(parts, `"`+name+`":"`+id.String()+`"`)
				}
			}
			return strings.Join(parts, ",")
		}
		t.Run("200 and 201 for consistent assignments", func(t *testing.T) {
			for i, fits := range []string{
				assignment(company.ID, nil, nil), assignment(nil, branch.ID, nil), assignment(nil, nil, inBranch.ID),
				assignment(company.ID, branch.ID, inBranch.ID), assignment(nil, branch.ID, inBranch.ID), assignment(company.ID, second.ID, inNone.ID),
			} {
				admin.Do(t, http.MethodPost, usersPath, newUserBody(strings.Repeat("x", i+1)+"@fits.example", fits)).Want(t, 201)
				u := a.User(t, admin.User.TenantID, access.User)
				admin.Do(t, http.MethodPut, userPath(u.ID), `{`+fits+`}`).Want(t, 200)
			}
		})
		t.Run("400 for an assignment that is missing, of another tenant or inconsistent", func(t *testing.T) {
			u := a.User(t, admin.User.TenantID, access.User)
			for _, test := range []struct {
				assignment string
				places     string
			}{
				{assignment(uuid.New(), nil, nil), "/company_id"},
				{assignment(foreign.ID, nil, nil), "/company_id"},
				{assignment(nil, a.Branch(t, foreign).ID, nil), "/branch_id"},
				{assignment(nil, nil, a.Department(t, foreign).ID), "/department_id"},
				{assignment(company.ID, elsewhere.ID, nil), "/branch_id"},
				{assignment(company.ID, nil, inOther.ID), "/department_id"},
				{assignment(nil, branch.ID, inOther.ID), "/department_id"},
				{assignment(company.ID, second.ID, inBranch.ID), "/department_id"},
				{assignment(nil, second.ID, inBranch.ID), "/department_id"},
				{assignment(uuid.New(), uuid.New(), uuid.New()), "/company_id /branch_id /department_id"},
			} {
				for _, reply := range []apitest.Reply{
					admin.Do(t, http.MethodPost, usersPath, newUserBody("new@example.org", test.assignment)),
					admin.Do(t, http.MethodPut, userPath(u.ID), `{"full_name":"Changed",`+test.assignment+`}`),
				} {
					problem := reply.WantCode(t, 400, "unknown_reference")
					for place := range strings.FieldsSeq(test.places) {
						reply.WantField(t, place, "unknown_reference")
					}
					if len(problem.Errors) != len(strings.Fields(test.places)) {
						t.Errorf("%s: %s", test.assignment, reply.Body)
					}
				}
			}
			if now := userNow(t, admin, u.ID); now.Version != 1 {
				t.Errorf("a refused assignment changed something: %+v", now)
			}
		})
		t.Run("400 when the new company isn't that of the unchanged branch", func(t *testing.T) {
			u := a.User(t, admin.User.TenantID, access.User, func(u *db.User) { u.CompanyID, u.BranchID = &company.ID, &branch.ID })
			reply := admin.Do(t, http.MethodPut, userPath(u.ID), `{`+assignment(other.ID, nil, nil)+`}`)
			reply.WantCode(t, 400, "unknown_reference")
			reply.WantField(t, "/branch_id", "unknown_reference")
			admin.Do(t, http.MethodPut, userPath(u.ID), `{`+assignment(other.ID, nil, nil)+`,"branch_id":null}`).Want(t, 200)
			admin.Do(t, http.MethodPut, userPath(u.ID), `{"company_id":null}`).Want(t, 200)
		})
		t.Run("200 for another field after the department has moved to another branch", func(t *testing.T) {
			u := a.User(t, admin.User.TenantID, access.User, func(u *db.User) { u.BranchID, u.DepartmentID = &second.ID, &inBranch.ID })
			admin.Do(t, http.MethodPut, userPath(u.ID), `{"phone":"1",`+assignment(nil, second.ID, inBranch.ID)+`}`).Want(t, 200)
		})
	})
}

func TestGetUser(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		viewer := a.Actor(t, access.Viewer)
		colleague, foreign := a.User(t, viewer.User.TenantID, access.User), a.User(t, a.Tenant(t).ID, access.User)
		reply := viewer.Do(t, http.MethodGet, userPath(colleague.ID), "").Want(t, 200)
		if got := apitest.Decode[api.User](t, reply); got.ID != colleague.ID || got.Email != colleague.Email || reply.TaggedVersion() != 1 {
			t.Errorf("%+v", got)
		}
		if strings.Contains(string(reply.Body), "password") || strings.Contains(string(reply.Body), "$2") {
			t.Errorf("a hash is in %s", reply.Body)
		}
		missing := withoutVariables(t, viewer.Do(t, http.MethodGet, userPath(uuid.New()), ""))
		if got := withoutVariables(t, viewer.Do(t, http.MethodGet, userPath(foreign.ID), "")); got.Detail != missing.Detail || got.Code != missing.Code {
			t.Errorf("another tenant's user gets another reply than a missing one: %+v, %+v", got, missing)
		}
	})
}

// No operation reaches or changes another tenant's users.
func TestUsersAreIsolated(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		mine, theirs := a.Actor(t, access.Admin), a.Actor(t, access.Viewer)
		path := userPath(theirs.User.ID)
		for _, try := range []struct{ method, path, body string }{
			{http.MethodPut, path, `{"role":"admin"}`},
			{http.MethodDelete, path, ""},
			{http.MethodPost, path + "/deactivate", ""},
			{http.MethodPost, path + "/activate", ""},
			{http.MethodPost, path + "/password-reset", ""},
			{http.MethodGet, path + "/sessions", ""},
			{http.MethodDelete, path + "/sessions", ""},
		} {
			mine.Do(t, try.method, try.path, try.body).WantCode(t, 404, "not_found")
			mine.Do(t, try.method, strings.Replace(try.path, theirs.User.ID.String(), uuid.NewString(), 1), try.body).WantCode(t, 404, "not_found")
		}
		for query, total := range map[string]int64{"": 1, "&email=" + theirs.User.Email: 0, "&q=" + theirs.User.Email: 0} {
			if page := apitest.Decode[api.UserPage](t, mine.Do(t, http.MethodGet, usersPath+"?count=true"+query, "").Want(t, 200)); *page.Total != total || len(page.Items) != int(total) {
				t.Errorf("%q lists %+v", query, page)
			}
		}
		if now := userNow(t, theirs, theirs.User.ID); now.Version != 1 || now.Role != api.RoleViewer || !alive(t, a, theirs) {
			t.Errorf("%+v", now)
		}
	})
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		t.Run("200 changes the given fields, clears null, and keeps the rest", func(t *testing.T) {
			u := a.User(t, admin.User.TenantID, access.User, func(u *db.User) { u.Phone = new("+47 22") })
			reply := admin.Do(t, http.MethodPut, userPath(u.ID), `{"email":"Renamed@Example.com","full_name":"Ænna 🧭","phone":null}`, apitest.Header("If-Match", `"1"`)).Want(t, 200)
			got := apitest.Decode[api.User](t, reply)
			if got.Email != "renamed@example.com" || got.FullName != "Ænna 🧭" || got.Phone != nil || got.Role != api.RoleUser || got.Version != 2 || reply.TaggedVersion() != 2 {
				t.Errorf("%+v, ETag %s", got, reply.Header.Get("ETag"))
			}
			entries := entities(t, a, admin.User.TenantID, "user.update", reply.Header.Get("X-Request-Id"))
			if e := entries[u.ID.String()]; len(entries) != 1 || len(e.Changes) != 3 || e.Changes["email"].Before != u.Email || e.Changes["email"].After != got.Email {
				t.Errorf("audit: %+v", entries)
			}
			a.Do(t, http.MethodPost, loginPath, loginBody(u.Email, apitest.Password)).WantCode(t, 401, "invalid_credentials")
			a.Do(t, http.MethodPost, loginPath, loginBody(got.Email, apitest.Password)).Want(t, 200)
			for _, q := range []string{"ÆNNA", "renamed@"} {
				if found := admin.Do(t, http.MethodGet, usersPath+"?q="+q, "").Want(t, 200); !strings.Contains(string(found.Body), u.ID.String()) {
					t.Errorf("the search for %s doesn't find it: %s", q, found.Body)
				}
			}
		})
		t.Run("200 without a change keeps the version and writes no entry", func(t *testing.T) {
			before := len(a.AuditEntries(t, admin.User.TenantID, "user.update"))
			u := a.User(t, admin.User.TenantID, access.User)
			for _, body := range []string{`{}`, `{"email":"` + strings.ToUpper(u.Email) + `","role":"user","phone":null,"company_id":null}`} {
				if reply := admin.Do(t, http.MethodPut, userPath(u.ID), body).Want(t, 200); reply.TaggedVersion() != 1 {
					t.Errorf("%s: ETag %s", body, reply.Header.Get("ETag"))
				}
			}
			if after := len(a.AuditEntries(t, admin.User.TenantID, "user.update")); after != before {
				t.Errorf("%d new entries", after-before)
			}
		})
		t.Run("200 with another role, which counts at once", func(t *testing.T) {
			actor := a.ActorIn(t, admin.User.TenantID, access.Viewer)
			actor.Do(t, http.MethodPost, companiesPath, `{"code":"A","name":"A"}`).WantCode(t, 403, "forbidden")
			admin.Do(t, http.MethodPut, userPath(actor.User.ID), `{"role":"admin"}`).Want(t, 200)
			actor.Do(t, http.MethodPost, companiesPath, `{"code":"A","name":"A"}`).Want(t, 201)
			admin.Do(t, http.MethodPut, userPath(actor.User.ID), `{"role":"viewer"}`).Want(t, 200)
			actor.Do(t, http.MethodPost, companiesPath, `{"code":"B","name":"B"}`).WantCode(t, 403, "forbidden")
		})
		t.Run("409 for an e-mail address that another user has", func(t *testing.T) {
			u := a.User(t, admin.User.TenantID, access.User)
			for _, taken := range []db.User{admin.User, a.User(t, a.Tenant(t).ID, access.User)} {
				reply := admin.Do(t, http.MethodPut, userPath(u.ID), `{"email":"`+strings.ToUpper(taken.Email)+`"}`)
				problem := reply.WantCode(t, 409, "already_exists")
				reply.WantField(t, "/email", "taken")
				wantRefusedAddress(t, a, admin.User.TenantID, "user.update", problem.RequestID, taken.Email)
			}
		})
		t.Run("412 changes nothing", func(t *testing.T) {
			u := a.User(t, admin.User.TenantID, access.User)
			admin.Do(t, http.MethodPut, userPath(u.ID), `{"role":"admin"}`, apitest.Header("If-Match", `"2"`)).WantCode(t, 412, "stale_version")
			if now := userNow(t, admin, u.ID); now.Version != 1 || now.Role != api.RoleUser {
				t.Errorf("%+v", now)
			}
		})
		t.Run("422 for fields that can't be changed here", func(t *testing.T) {
			u := a.User(t, admin.User.TenantID, access.User)
			for field, value := range map[string]string{
				"is_superuser": "true", "is_active": "false", "password": `"` + newPassword + `"`, "password_hash": `"x"`,
				"tenant_id": `"` + uuid.NewString() + `"`, "version": "9", "last_login_at": "null",
			} {
				reply := admin.Do(t, http.MethodPut, userPath(u.ID), `{"`+field+`":`+value+`}`)
				reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, "/"+field, "unknown")
			}
		})
	})
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		t.Run("204 with sessions and token; departments lose their head, the trail stays", func(t *testing.T) {
			leaver := a.ActorIn(t, admin.User.TenantID, access.Admin)
			leaver.Do(t, http.MethodPost, companiesPath, `{"code":"THEIRS","name":"Theirs"}`).Want(t, 201)
			token := newToken(t, admin, leaver.User.ID)
			company := a.Company(t, admin.User.TenantID)
			heads := func(d *db.Department) { d.HeadUserID = &leaver.User.ID }
			first, second := a.Department(t, company, heads), a.Department(t, a.Company(t, admin.User.TenantID), heads)
			kept := a.Department(t, company, func(d *db.Department) { d.HeadUserID = &admin.User.ID })

			reply := admin.Do(t, http.MethodDelete, userPath(leaver.User.ID), "", apitest.Header("If-Match", `"1"`)).Want(t, 204)
			admin.Do(t, http.MethodGet, userPath(leaver.User.ID), "").WantCode(t, 404, "not_found")
			admin.Do(t, http.MethodDelete, userPath(leaver.User.ID), "").WantCode(t, 404, "not_found")
			if alive(t, a, leaver) {
				t.Error("a session of a deleted user is alive")
			}
			a.Do(t, http.MethodPost, loginPath, loginBody(leaver.User.Email, apitest.Password)).WantCode(t, 401, "invalid_credentials")
			reset(t, a, token, newPassword).WantCode(t, 400, "invalid_one_time_token")

			requestID := reply.Header.Get("X-Request-Id")
			entries := entities(t, a, admin.User.TenantID, "user.delete", requestID)
			if e := entries[leaver.User.ID.String()]; len(entries) != 1 || e.EntityLabel != leaver.User.Email || e.Changes["email"].Before != leaver.User.Email {
				t.Errorf("audit: %+v", entries)
			}
			updates := entities(t, a, admin.User.TenantID, "department.update", requestID)
			for _, d := range []db.Department{first, second} {
				now := apitest.Decode[api.Department](t, admin.Do(t, http.MethodGet, departmentPath(d.ID), "").Want(t, 200))
				e := updates[d.ID.String()]
				if now.HeadUserID != nil || now.Version != 2 || len(e.Changes) != 1 || e.Changes["head_user_id"].Before != leaver.User.ID.String() || e.Changes["head_user_id"].After != nil {
					t.Errorf("%+v, audit: %+v", now, e)
				}
			}
			if now := apitest.Decode[api.Department](t, admin.Do(t, http.MethodGet, departmentPath(kept.ID), "")); len(updates) != 2 || now.HeadUserID == nil || now.Version != 1 {
				t.Errorf("%d departments changed; another one's head is %v", len(updates), now.HeadUserID)
			}
			if entries := a.AuditEntries(t, admin.User.TenantID, "company.create"); len(entries) != 1 || entries[0].ActorID != leaver.User.ID.String() {
				t.Errorf("the entries of the deleted user are gone: %+v", entries)
			}
			admin.Do(t, http.MethodPost, usersPath, newUserBody(leaver.User.Email)).Want(t, 201)
		})
		t.Run("204 for the admin themselves, unless they are the last one", func(t *testing.T) {
			actor := a.ActorIn(t, admin.User.TenantID, access.Admin)
			actor.Do(t, http.MethodDelete, userPath(actor.User.ID), "").Want(t, 204)
			actor.Do(t, http.MethodGet, mePath, "").WantCode(t, 401, "session_ended")
			admin.Do(t, http.MethodDelete, userPath(admin.User.ID), "").WantCode(t, 409, "last_admin")
		})
		t.Run("412 deletes nothing", func(t *testing.T) {
			u := a.User(t, admin.User.TenantID, access.User)
			admin.Do(t, http.MethodDelete, userPath(u.ID), "", apitest.Header("If-Match", `"2"`)).WantCode(t, 412, "stale_version")
			userNow(t, admin, u.ID)
		})
	})
}

func TestDeactivateAndActivateUser(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		actor := a.ActorIn(t, admin.User.TenantID, access.User)
		token, path := newToken(t, admin, actor.User.ID), userPath(actor.User.ID)

		got := apitest.Decode[api.User](t, admin.Do(t, http.MethodPost, path+"/deactivate", "").Want(t, 200))
		if got.IsActive || got.Version != 2 {
			t.Errorf("%+v", got)
		}
		actor.Do(t, http.MethodGet, mePath, "").WantCode(t, 401, "session_ended")
		a.Do(t, http.MethodPost, loginPath, loginBody(actor.User.Email, apitest.Password)).WantCode(t, 401, "invalid_credentials")
		if again := admin.Do(t, http.MethodPost, path+"/deactivate", "").Want(t, 200); again.TaggedVersion() != 2 {
			t.Errorf("the second time gives version %s", again.Header.Get("ETag"))
		}
		admin.Do(t, http.MethodPost, path+"/password-reset", "").WantCode(t, 409, "user_inactive")

		got = apitest.Decode[api.User](t, admin.Do(t, http.MethodPost, path+"/activate", "").Want(t, 200))
		if !got.IsActive || got.Version != 3 {
			t.Errorf("%+v", got)
		}
		if again := admin.Do(t, http.MethodPost, path+"/activate", "").Want(t, 200); again.TaggedVersion() != 3 {
			t.Errorf("the second time gives version %s", again.Header.Get("ETag"))
		}
		if alive(t, a, actor) {
			t.Error("a session from before the deactivation is alive again")
		}
		reset(t, a, token, newPassword).WantCode(t, 400, "invalid_one_time_token")
		a.Login(t, actor.User)
		for action, after := range map[string]bool{"user.deactivate": false, "user.activate": true} {
			entries := a.AuditEntries(t, admin.User.TenantID, action)
			if len(entries) != 1 || entries[0].EntityID != actor.User.ID.String() || entries[0].Changes["is_active"].After != after {
				t.Errorf("audit of %s: %+v", action, entries)
			}
		}
	})
}

func TestUserSessions(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		older := a.ActorIn(t, admin.User.TenantID, access.Viewer)
		a.Clock.Advance(time.Second)
		newer := a.Login(t, older.User)
		path := userPath(older.User.ID) + "/sessions"

		items := apitest.Decode[api.SessionList](t, admin.Do(t, http.MethodGet, path, "").Want(t, 200)).Items
		me := apitest.Decode[api.Me](t, newer.Do(t, http.MethodGet, mePath, ""))
		if len(items) != 2 || items[0] != me.Session || items[1].ID == me.Session.ID {
			t.Errorf("%+v, want two, the newest first: %+v", items, me.Session)
		}
		admin.Do(t, http.MethodDelete, path, "").Want(t, 204)
		admin.Do(t, http.MethodDelete, path, "").Want(t, 204)
		if alive(t, a, older) || alive(t, a, newer) || !alive(t, a, admin) {
			t.Error("want only the sessions of this user to have ended")
		}
		entries := a.AuditEntries(t, admin.User.TenantID, "user.sessions_end")
		if len(entries) != 1 || entries[0].EntityID != older.User.ID.String() || entries[0].Changes["sessions_ended"].After != 2.0 {
			t.Errorf("audit: %+v", entries)
		}
		a.Login(t, older.User)
	})
}
