package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

const treePath = "/api/v1/org/tree"

// outline returns a tree as one line: each name with its children.
func outline(tree api.OrganisationTree) string {
	var b strings.Builder
	var departments func([]api.DepartmentNode)
	departments = func(nodes []api.DepartmentNode) {
		for _, d := range nodes {
			b.WriteString(" " + d.Name + "(")
			departments(d.Departments)
			b.WriteString(")")
		}
	}
	for _, c := range tree.Companies {
		b.WriteString(c.Name + "[")
		for _, branch := range c.Branches {
			b.WriteString(" @" + branch.Name + "[")
			departments(branch.Departments)
			b.WriteString("]")
		}
		departments(c.Departments)
		b.WriteString("]")
	}
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), "[ ", "["), "( ", "(")
}

func TestOrganisationTree(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		viewer := a.Actor(t, access.Viewer)
		read := func(t *testing.T, query string) api.OrganisationTree {
			t.Helper()
			return apitest.Decode[api.OrganisationTree](t, viewer.Do(t, http.MethodGet, treePath+query, "").Want(t, 200))
		}
		if got := viewer.Do(t, http.MethodGet, treePath, "").Want(t, 200); strings.TrimSpace(string(got.Body)) != `{"companies":[]}` {
			t.Errorf("an empty tree is %s", got.Body)
		}
		named := func(name string) func(*db.Company) { return func(c *db.Company) { c.Name = name } }
		zulu, alpha := a.Company(t, viewer.User.TenantID, named("Zulu")), a.Company(t, viewer.User.TenantID, named("alpha"))
		branch := func(name string) db.Branch {
			return a.Branch(t, zulu, func(b *db.Branch) { b.Name, b.IsHeadquarters = name, name == "west" })
		}
		west, east := branch("west"), branch("East")
		department := func(name string, branch *db.Branch, parent *db.Department) db.Department {
			return a.Department(t, zulu, func(d *db.Department) {
				d.Name = name
				if branch != nil {
					d.BranchID = &branch.ID
				}
				if parent != nil {
					d.ParentID = &parent.ID
				}
			})
		}
		legal := department("legal", nil, nil)
		sales := department("Sales", &west, nil)
		department("b", nil, &sales)
		deep := department("A", &east, &sales) // shown below its parent, although it has another branch
		department("deeper", nil, &deep)
		department("Equal", nil, nil)
		department("equal", nil, nil)
		foreign := a.Company(t, a.Tenant(t).ID)
		a.Department(t, foreign)

		const whole = "Zulu[@East[] @west[Sales(A(deeper()) b())] Equal() equal() legal()]"
		if got := outline(read(t, "")); got != "alpha[]"+whole {
			t.Errorf("%s, want alpha[]%s", got, whole)
		}
		if got := outline(read(t, "?company_id="+zulu.ID.String())); got != whole {
			t.Errorf("%s, want %s", got, whole)
		}
		if got := outline(read(t, "?company_id="+alpha.ID.String())); got != "alpha[]" {
			t.Errorf("%s, want alpha[]", got)
		}
		top := read(t, "").Companies[1]
		if !top.Branches[1].IsHeadquarters || top.Branches[1].Code != west.Code || top.Departments[2].ID != legal.ID || *top.Branches[1].Departments[0].Departments[0].BranchID != east.ID {
			t.Errorf("%+v", top)
		}
		for _, id := range []uuid.UUID{foreign.ID, uuid.New(), west.ID} {
			viewer.Do(t, http.MethodGet, treePath+"?company_id="+id.String(), "").WantCode(t, 404, "not_found")
		}
	})
}

func TestLargeAndDeepTree(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		viewer := a.Actor(t, access.Viewer)
		company := a.Company(t, viewer.User.TenantID)
		err := a.Store.Tx(t.Context(), func(tx store.Tx) error {
			for chain := range 60 {
				var parent *uuid.UUID
				for level := range 50 {
					d := db.Department{
						TenantID: company.TenantID, ID: uuid.Must(uuid.NewV7()), CompanyID: company.ID, ParentID: parent, IsActive: true, Version: 1,
						Code: fmt.Sprintf("D%d-%d", chain, level), Name: fmt.Sprintf("%d", level), CreatedAt: company.CreatedAt, UpdatedAt: company.CreatedAt,
					}
					if err := tx.InsertDepartment(t.Context(), db.InsertDepartmentParams(d)); err != nil {
						return err
					}
					parent = &d.ID
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		tree := apitest.Decode[api.OrganisationTree](t, viewer.Do(t, http.MethodGet, treePath, "").Want(t, 200))
		nodes, depth := 0, 0
		for level := tree.Companies[0].Departments; len(level) > 0; depth++ {
			nodes += len(level)
			var next []api.DepartmentNode
			for _, d := range level {
				next = append(next, d.Departments...)
			}
			level = next
		}
		if nodes != 3000 || depth != 50 {
			t.Errorf("%d nodes, %d deep; want 3000 and 50", nodes, depth)
		}
	})
}
