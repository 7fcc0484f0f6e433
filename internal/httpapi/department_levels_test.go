package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// The hierarchy has at most 100 levels, so the JSON of the tree is nested at most 206 levels deep.
func TestDepartmentLevels(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		const most, deepest = 100, 206
		admin := a.Actor(t, access.Admin)
		company := a.Company(t, admin.User.TenantID)
		branch := a.Branch(t, company)
		chain := func(length int) []db.Department {
			var departments []db.Department
			var parent *uuid.UUID
			for range length {
				d := a.Department(t, company, func(d *db.Department) { d.BranchID, d.ParentID = &branch.ID, parent })
				departments, parent = append(departments, d), &d.ID
			}
			return departments
		}
		create := func(code string, under db.Department) apitest.Reply {
			return admin.Do(t, http.MethodPost, departmentsPath,
				fmt.Sprintf(`{"company_id":%q,"parent_id":%q,"code":%q,"name":"Deep"}`, company.ID, under.ID, code))
		}
		move := func(d, under db.Department) apitest.Reply {
			return admin.Do(t, http.MethodPut, departmentPath(d.ID), `{"parent_id":"`+under.ID.String()+`"}`)
		}
		refused := func(t *testing.T, reply apitest.Reply) {
			t.Helper()
			reply.WantCode(t, 409, "too_deep")
			reply.WantField(t, "/parent_id", "too_deep")
		}
		tree := func() apitest.Reply {
			return admin.Do(t, http.MethodGet, treePath+"?company_id="+company.ID.String(), "")
		}
		long := chain(most - 1)
		last := long[most-2]

		t.Run("creation", func(t *testing.T) {
			created := apitest.Decode[api.Department](t, create("LEVEL100", last).Want(t, 201))
			refused(t, create("LEVEL101", db.Department{ID: created.ID}))
			if got := nesting(tree().Want(t, 200).Body); got != deepest {
				t.Errorf("the tree is nested %d deep, want %d", got, deepest)
			}
			admin.Do(t, http.MethodDelete, departmentPath(created.ID), "").Want(t, 204)
		})
		t.Run("a move counts the departments below", func(t *testing.T) {
			two := chain(2)
			move(two[1], last).Want(t, 200)
			refused(t, move(two[0], two[1]))
			move(two[1], two[0]).Want(t, 200)
			refused(t, move(two[0], last))
			move(two[0], long[most-3]).Want(t, 200)
			admin.Do(t, http.MethodPut, departmentPath(two[1].ID), `{"name":"Renamed"}`).Want(t, 200)
		})
		t.Run("only one of two moves that together are too deep", func(t *testing.T) {
			for range 5 {
				// Three chains of 40: two of them fit below each other, three don't.
				top, middle, bottom := chain(40), chain(40), chain(40)
				var statuses [2]int
				var wait sync.WaitGroup
				wait.Go(func() { statuses[0] = move(middle[0], top[39]).Status })
				wait.Go(func() { statuses[1] = move(bottom[0], middle[39]).Status })
				wait.Wait()
				if statuses[0]+statuses[1] != 200+409 {
					t.Fatalf("statuses %v, want 200 and 409", statuses)
				}
			}
		})
		t.Run("a database that has more levels", func(t *testing.T) {
			deep := chain(most + 1)
			reply := tree()
			reply.WantCode(t, 422, "too_large")
			admin.Do(t, http.MethodPut, departmentPath(deep[most].ID), `{"name":"Renamed"}`).Want(t, 200)
			move(deep[most], deep[0]).Want(t, 200)
			tree().Want(t, 200)
		})
	})
}

// nesting returns the depth of nested objects and arrays.
func nesting(json []byte) int {
	depth, deepest := 0, 0
	for _, c := range json { // these texts have no brackets
		switch {
		case strings.ContainsRune("{[", rune(c)):
			depth++
		case strings.ContainsRune("}]", rune(c)):
			depth--
		}
		deepest = max(deepest, depth)
	}
	return deepest
}
