package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// When a department moves to another branch, its users get that branch, too. So a user's branch is
// always that of their department, if both have one.
func TestMovedDepartmentMovesItsUsers(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		tenant := admin.User.TenantID
		company := a.Company(t, tenant)
		north, south, west := a.Branch(t, company), a.Branch(t, company), a.Branch(t, company)
		sales := a.Department(t, company, func(d *db.Department) { d.BranchID, d.HeadUserID = &north.ID, &admin.User.ID })
		below := a.Department(t, company, func(d *db.Department) { d.ParentID, d.BranchID = &sales.ID, &north.ID })
		user := func(branch *uuid.UUID, department uuid.UUID) db.User {
			return a.User(t, tenant, access.User, func(u *db.User) { u.CompanyID, u.BranchID, u.DepartmentID = &company.ID, branch, &department })
		}
		inNorth, inNone, inSub := user(&north.ID, sales.ID), user(nil, sales.ID), user(&north.ID, below.ID)
		inSouth := user(&south.ID, sales.ID) // has a branch that isn't the department's, as earlier versions allowed
		colleague := a.User(t, tenant, access.User, func(u *db.User) { u.BranchID = &north.ID })
		branchOf := func(u db.User) *uuid.UUID {
			return apitest.Decode[api.User](t, admin.Do(t, http.MethodGet, userPath(u.ID), "").Want(t, 200)).BranchID
		}
		mustBeIn := func(want map[*db.User]*db.Branch) {
			t.Helper()
			for u, b := range want {
				if got := branchOf(*u); (got == nil) != (b == nil) || got != nil && *got != b.ID {
					t.Errorf("user %s has branch %v, want %v", u.ID, got, b)
				}
			}
		}
		move := func(body string) map[string]apitest.AuditEntry {
			t.Helper()
			id := admin.Do(t, http.MethodPut, departmentPath(sales.ID), body).Want(t, 200).Header.Get("X-Request-Id")
			entries := map[string]apitest.AuditEntry{}
			for _, e := range a.AuditEntries(t, tenant, "user.update") {
				if e.RequestID == id {
					entries[e.EntityID] = e
				}
			}
			return entries
		}

		entries := move(`{"branch_id":"` + south.ID.String() + `"}`)
		mustBeIn(map[*db.User]*db.Branch{&inNorth: &south, &inSouth: &south, &inNone: nil, &inSub: &north, &colleague: &north, &admin.User: nil})
		change := entries[inNorth.ID.String()].Changes["branch_id"]
		if len(entries) != 1 || change.Before != north.ID.String() || change.After != south.ID.String() {
			t.Errorf("entries: %+v", entries)
		}
		admin.Do(t, http.MethodPut, userPath(inNorth.ID), `{"company_id":"`+company.ID.String()+`"}`).Want(t, 200)

		if entries := move(`{"branch_id":null,"name":"Everywhere"}`); len(entries) > 0 {
			t.Errorf("entries: %+v", entries)
		}
		mustBeIn(map[*db.User]*db.Branch{&inNorth: &south, &inSouth: &south})
		admin.Do(t, http.MethodPut, userPath(inNorth.ID), `{"branch_id":"`+north.ID.String()+`"}`).Want(t, 200)

		if entries := move(`{"branch_id":"` + west.ID.String() + `"}`); len(entries) != 2 {
			t.Errorf("entries: %+v", entries)
		}
		mustBeIn(map[*db.User]*db.Branch{&inNorth: &west, &inSouth: &west, &inNone: nil, &inSub: &north})
		if entries := move(`{"name":"Sales","branch_id":"` + west.ID.String() + `"}`); len(entries) > 0 {
			t.Errorf("entries: %+v", entries)
		}
		// A refused move changes no user.
		admin.Do(t, http.MethodPut, departmentPath(sales.ID), `{"branch_id":"`+north.ID.String()+`","code":"`+below.Code+`"}`).WantCode(t, 409, "already_exists")
		mustBeIn(map[*db.User]*db.Branch{&inNorth: &west})
	})
}
