package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// Only direct changes of the database can create a cycle. Its departments are visible, and can be
// moved and deleted.
func TestDepartmentsInACycle(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		type world struct {
			company db.Company
			branch  db.Branch
			cycle   []db.Department // each below the one before it, and the first below the last
			below   db.Department   // the last of the cycle
			other   db.Department
			user    db.User // of the department below
		}
		build := func(t *testing.T) world {
			t.Helper()
			w := world{company: a.Company(t, admin.User.TenantID)}
			w.branch, w.other = a.Branch(t, w.company), a.Department(t, w.company)
			under := func(parent db.Department) db.Department {
				return a.Department(t, w.company, func(d *db.Department) { d.ParentID = &parent.ID })
			}
			first := a.Department(t, w.company)
			second := a.Department(t, w.company, func(d *db.Department) { d.ParentID, d.BranchID = &first.ID, &w.branch.ID })
			third := under(second)
			w.cycle, w.below = []db.Department{first, second, third}, under(third)
			w.user = a.User(t, admin.User.TenantID, access.Viewer, func(u *db.User) { u.DepartmentID = &w.below.ID })
			putBelow(t, a, first, third)
			return w
		}
		mustBeGone := func(t *testing.T, w world) {
			t.Helper()
			for _, d := range append(w.cycle, w.below) {
				admin.Do(t, http.MethodGet, departmentPath(d.ID), "").WantCode(t, 404, "not_found")
			}
			user := apitest.Decode[api.User](t, admin.Do(t, http.MethodGet, "/api/v1/users/"+w.user.ID.String(), "").Want(t, 200))
			if user.DepartmentID != nil {
				t.Errorf("the user still has a department")
			}
		}
		t.Run("are in the tree", func(t *testing.T) {
			w := build(t)
			tree := string(admin.Do(t, http.MethodGet, treePath+"?company_id="+w.company.ID.String(), "").Want(t, 200).Body)
			for _, d := range append(w.cycle, w.below, w.other) {
				if n := strings.Count(tree, `"id":"`+d.ID.String()); n != 1 {
					t.Errorf("department %s is in the tree %d times, want once: %s", d.Code, n, tree)
				}
			}
		})
		t.Run("can be moved out", func(t *testing.T) {
			w := build(t)
			admin.Do(t, http.MethodPut, departmentPath(w.other.ID), `{"parent_id":"`+w.below.ID.String()+`"}`).WantCode(t, 409, "cycle")
			admin.Do(t, http.MethodPut, departmentPath(w.cycle[0].ID), `{"parent_id":null}`).Want(t, 200)
			admin.Do(t, http.MethodPut, departmentPath(w.other.ID), `{"parent_id":"`+w.below.ID.String()+`"}`).Want(t, 200)
		})
		for name, path := range map[string]func(world) string{
			"the first":   func(w world) string { return departmentPath(w.cycle[0].ID) },
			"another":     func(w world) string { return departmentPath(w.cycle[1].ID) },
			"the last":    func(w world) string { return departmentPath(w.cycle[2].ID) },
			"the branch":  func(w world) string { return branchPath(w.branch.ID) },
			"the company": func(w world) string { return companyPath(w.company.ID) },
		} {
			t.Run("are deleted with "+name, func(t *testing.T) {
				w := build(t)
				preview := apitest.Decode[api.DeletionPreview](t, admin.Do(t, http.MethodDelete, path(w)+"?dry_run=true", "").Want(t, 200))
				want := int64(4)
				if name == "the company" {
					want = 5
				}
				if preview.Departments != want || preview.UsersDetached != 1 {
					t.Errorf("%+v, want %d departments and a user", preview, want)
				}
				admin.Do(t, http.MethodDelete, path(w), "").Want(t, 204)
				mustBeGone(t, w)
			})
		}
		t.Run("a department that is its own parent", func(t *testing.T) {
			company := a.Company(t, admin.User.TenantID)
			d := a.Department(t, company)
			putBelow(t, a, d, d)
			tree := string(admin.Do(t, http.MethodGet, treePath+"?company_id="+company.ID.String(), "").Want(t, 200).Body)
			if !strings.Contains(tree, d.ID.String()) {
				t.Errorf("the department isn't in the tree: %s", tree)
			}
			admin.Do(t, http.MethodDelete, departmentPath(d.ID), "").Want(t, 204)
			admin.Do(t, http.MethodGet, departmentPath(d.ID), "").WantCode(t, 404, "not_found")
		})
	})
}

// putBelow sets the parent of a department directly in the database.
func putBelow(t *testing.T, a *apitest.App, d, parent db.Department) {
	t.Helper()
	d.ParentID = &parent.ID
	rows, err := a.Store.UpdateDepartment(t.Context(), db.UpdateDepartmentOf(d))
	if err != nil || rows != 1 {
		t.Fatalf("%d rows, error %v", rows, err)
	}
}
