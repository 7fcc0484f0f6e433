package httpapi_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

func TestDepartmentReferences(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		company, other, foreign := a.Company(t, admin.User.TenantID), a.Company(t, admin.User.TenantID), a.Company(t, a.Tenant(t).ID)
		branch, parent := a.Branch(t, company), a.Department(t, company)
		t.Run("200 and 201 with references, which can be changed and cleared", func(t *testing.T) {
			body := `{"company_id":"` + company.ID.String() + `","code":"FULL","name":"Full","branch_id":"` + branch.ID.String() +
				`","parent_id":"` + parent.ID.String() + `","head_user_id":"` + admin.User.ID.String() + `","description":"d"}`
			d := apitest.Decode[api.Department](t, admin.Do(t, http.MethodPost, departmentsPath, body).Want(t, 201))
			if *d.BranchID != branch.ID || *d.ParentID != parent.ID || *d.HeadUserID != admin.User.ID {
				t.Errorf("%+v", d)
			}
			second := a.Branch(t, company)
			d = apitest.Decode[api.Department](t, admin.Do(t, http.MethodPut, departmentPath(d.ID), `{"branch_id":"`+second.ID.String()+`"}`).Want(t, 200))
			if *d.BranchID != second.ID || *d.ParentID != parent.ID {
				t.Errorf("%+v", d)
			}
			d = apitest.Decode[api.Department](t, admin.Do(t, http.MethodPut, departmentPath(d.ID), `{"branch_id":null,"parent_id":null,"head_user_id":null}`).Want(t, 200))
			if d.BranchID != nil || d.ParentID != nil || d.HeadUserID != nil {
				t.Errorf("%+v", d)
			}
		})
		t.Run("400 for a reference that is missing, of another company or of another tenant", func(t *testing.T) {
			existing := a.Department(t, company)
			for place, ids := range map[string][]uuid.UUID{
				"branch_id":    {uuid.New(), a.Branch(t, other).ID, a.Branch(t, foreign).ID, company.ID},
				"parent_id":    {uuid.New(), a.Department(t, other).ID, a.Department(t, foreign).ID, branch.ID},
				"head_user_id": {uuid.New(), a.User(t, foreign.TenantID, access.User).ID},
			} {
				for _, id := range ids {
					before := snapshot(t, a)
					reference := `"` + place + `":"` + id.String() + `"`
					created := admin.Do(t, http.MethodPost, departmentsPath, `{"company_id":"`+company.ID.String()+`","code":"NEW","name":"New",`+reference+`}`)
					created.WantCode(t, 400, "unknown_reference")
					created.WantField(t, "/"+place, "unknown_reference")
					changed := admin.Do(t, http.MethodPut, departmentPath(existing.ID), `{"name":"New",`+reference+`}`)
					changed.WantCode(t, 400, "unknown_reference")
					changed.WantField(t, "/"+place, "unknown_reference")
					if after := snapshot(t, a); after != before {
						t.Errorf("a refused reference changed something:\n%s\nwas\n%s", after, before)
					}
				}
			}
		})
		t.Run("400 names all missing references", func(t *testing.T) {
			id := uuid.NewString()
			reply := admin.Do(t, http.MethodPost, departmentsPath, `{"company_id":"`+id+`","code":"X","name":"X","branch_id":"`+id+`","parent_id":"`+id+`","head_user_id":"`+id+`"}`)
			reply.WantCode(t, 400, "unknown_reference")
			for _, place := range []string{"/company_id", "/branch_id", "/parent_id", "/head_user_id"} {
				reply.WantField(t, place, "unknown_reference")
			}
		})
	})
}

// TestReferencesUnderConcurrency deletes a company while others create rows below it. Each creation
// either succeeds and the row is deleted with the company, or is refused.
func TestReferencesUnderConcurrency(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		for range 5 {
			company := a.Company(t, admin.User.TenantID)
			parent := a.Department(t, company)
			var wait sync.WaitGroup
			for _, create := range []struct{ path, fields string }{
				{branchesPath, `"code":"X","name":"X"`},
				{departmentsPath, `"code":"X","name":"X"`},
				{departmentsPath, `"code":"Y","name":"Y","parent_id":"` + parent.ID.String() + `"`},
			} {
				wait.Go(func() {
					reply := admin.Do(t, http.MethodPost, create.path, `{"company_id":"`+company.ID.String()+`",`+create.fields+`}`)
					if reply.Status != 201 && reply.Status != 400 {
						t.Errorf("create: status %d: %s", reply.Status, reply.Body)
					}
				})
			}
			wait.Go(func() {
				if reply := admin.Do(t, http.MethodDelete, companyPath(company.ID), ""); reply.Status != 204 {
					t.Errorf("delete: status %d: %s", reply.Status, reply.Body)
				}
			})
			wait.Wait()
		}
		if left := snapshot(t, a); left != "" {
			t.Errorf("left behind: %s", left)
		}
	})
}

func TestDepartmentCycles(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		company := a.Company(t, admin.User.TenantID)
		below := func(parent db.Department) db.Department {
			return a.Department(t, company, func(d *db.Department) { d.ParentID = &parent.ID })
		}
		move := func(d, under db.Department) apitest.Reply {
			return admin.Do(t, http.MethodPut, departmentPath(d.ID), `{"parent_id":"`+under.ID.String()+`"}`)
		}
		t.Run("409 below itself, its child or its grandchild", func(t *testing.T) {
			top := a.Department(t, company)
			child := below(top)
			grandchild := below(child)
			before := snapshot(t, a)
			for _, under := range []db.Department{top, child, grandchild} {
				reply := move(top, under)
				reply.WantCode(t, 409, "cycle")
				reply.WantField(t, "/parent_id", "cycle")
			}
			if after := snapshot(t, a); after != before {
				t.Errorf("a refused move changed something, perhaps the company's version:\n%s\nwas\n%s", after, before)
			}
		})
		t.Run("200 for moves that make no cycle, which don't change the company", func(t *testing.T) {
			top, other := a.Department(t, company), a.Department(t, company)
			grandchild := below(below(top))
			move(grandchild, other).Want(t, 200)
			move(other, top).Want(t, 200)
			move(grandchild, top).Want(t, 200)
			now := apitest.Decode[api.Company](t, admin.Do(t, http.MethodGet, companyPath(company.ID), "").Want(t, 200))
			if now.Version != company.Version || !now.UpdatedAt.Equal(company.UpdatedAt) {
				t.Errorf("the company changed: %+v", now)
			}
		})
		t.Run("only one of two moves that together make a cycle", func(t *testing.T) {
			for range 20 {
				one, two := a.Department(t, company), a.Department(t, company)
				statuses := make([]int, 2)
				var wait sync.WaitGroup
				wait.Go(func() { statuses[0] = move(one, two).Status })
				wait.Go(func() { statuses[1] = move(two, one).Status })
				wait.Wait()
				if statuses[0]+statuses[1] != 200+409 {
					t.Fatalf("statuses %v, want 200 and 409", statuses)
				}
			}
		})
	})
}
