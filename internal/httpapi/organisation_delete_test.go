package httpapi_test

import (
	"net/http"
	"reflect"
	"slices"
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

// organisation is a company with rows of every kind: the branch `north` with the department
// `sales`, below which are `inland` and below that `rural`; and `it`, a department without a
// branch. `other` is a company that must not change.
type organisation struct {
	admin                    *apitest.Actor
	company, other           db.Company
	north, south             db.Branch
	sales, inland, rural, it db.Department
	users                    map[string]db.User // by their assignment
}

func newOrganisation(t *testing.T, a *apitest.App) organisation {
	t.Helper()
	o := organisation{admin: a.Actor(t, access.Admin), users: map[string]db.User{}}
	o.company, o.other = a.Company(t, o.admin.User.TenantID), a.Company(t, o.admin.User.TenantID)
	o.north, o.south = a.Branch(t, o.company), a.Branch(t, o.company)
	o.sales = a.Department(t, o.company, func(d *db.Department) { d.BranchID, d.HeadUserID = &o.north.ID, &o.admin.User.ID })
	o.inland = a.Department(t, o.company, func(d *db.Department) { d.ParentID, d.BranchID = &o.sales.ID, &o.south.ID })
	o.rural = a.Department(t, o.company, func(d *db.Department) { d.ParentID, d.BranchID = &o.inland.ID, &o.north.ID })
	o.it = a.Department(t, o.company)
	otherBranch := a.Branch(t, o.other)
	a.Department(t, o.other, func(d *db.Department) { d.BranchID = &otherBranch.ID })
	for where, assign := range map[string]func(*db.User){
		"company": func(u *db.User) { u.CompanyID = &o.company.ID },
		"north":   func(u *db.User) { u.CompanyID, u.BranchID = &o.company.ID, &o.north.ID },
		"rural":   func(u *db.User) { u.CompanyID, u.BranchID, u.DepartmentID = &o.company.ID, &o.south.ID, &o.rural.ID },
		"it":      func(u *db.User) { u.DepartmentID = &o.it.ID },
		"other":   func(u *db.User) { u.CompanyID, u.BranchID = &o.other.ID, &otherBranch.ID },
	} {
		o.users[where] = a.User(t, o.admin.User.TenantID, access.User, assign)
	}
	return o
}

// entities returns the entries of an action by entity, and fails the test if they aren't all of one
// request.
func entities(t *testing.T, a *apitest.App, tenantID uuid.UUID, action, requestID string) map[string]apitest.AuditEntry {
	t.Helper()
	byID := map[string]apitest.AuditEntry{}
	for _, e := range a.AuditEntries(t, tenantID, action) {
		if _, twice := byID[e.EntityID]; twice || e.RequestID != requestID {
			t.Errorf("%s of %s: a second entry, or one of another request: %+v", action, e.EntityID, e)
		}
		byID[e.EntityID] = e
	}
	return byID
}

func TestDeletionsIncludeEverythingBelow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		path        func(o organisation) string
		preview     api.DeletionPreview
		companies   func(o organisation) []uuid.UUID
		branches    func(o organisation) []uuid.UUID
		departments func(o organisation) []uuid.UUID
		detached    map[string]string // the fields that users lose, by their assignment
	}{
		{
			"company", func(o organisation) string { return companyPath(o.company.ID) },
			api.DeletionPreview{Companies: 1, Branches: 2, Departments: 4, UsersDetached: 4},
			func(o organisation) []uuid.UUID { return []uuid.UUID{o.company.ID} },
			func(o organisation) []uuid.UUID { return []uuid.UUID{o.north.ID, o.south.ID} },
			func(o organisation) []uuid.UUID { return []uuid.UUID{o.sales.ID, o.inland.ID, o.rural.ID, o.it.ID} },
			map[string]string{"company": "company_id", "north": "branch_id company_id", "rural": "branch_id company_id department_id", "it": "department_id"},
		},
		{
			"branch", func(o organisation) string { return branchPath(o.north.ID) },
			api.DeletionPreview{Branches: 1, Departments: 3, UsersDetached: 2},
			func(organisation) []uuid.UUID { return nil },
			func(o organisation) []uuid.UUID { return []uuid.UUID{o.north.ID} },
			func(o organisation) []uuid.UUID { return []uuid.UUID{o.sales.ID, o.inland.ID, o.rural.ID} },
			map[string]string{"north": "branch_id", "rural": "department_id"},
		},
		{
			"department", func(o organisation) string { return departmentPath(o.inland.ID) },
			api.DeletionPreview{Departments: 2, UsersDetached: 1},
			func(organisation) []uuid.UUID { return nil },
			func(organisation) []uuid.UUID { return nil },
			func(o organisation) []uuid.UUID { return []uuid.UUID{o.inland.ID, o.rural.ID} },
			map[string]string{"rural": "department_id"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			apitest.Each(t, func(t *testing.T, a *apitest.App) {
				o := newOrganisation(t, a)
				tenant := o.admin.User.TenantID
				before := strings.Split(snapshot(t, a), "\n")
				got := apitest.Decode[api.DeletionPreview](t, o.admin.Do(t, http.MethodDelete, test.path(o)+"?dry_run=true", "").Want(t, 200))
				if !reflect.DeepEqual(got, test.preview) {
					t.Errorf("preview %+v, want %+v", got, test.preview)
				}
				if after := strings.Split(snapshot(t, a), "\n"); !slices.Equal(before, after) || len(a.AuditEntries(t, tenant, "user.update")) > 0 {
					t.Errorf("a dry run changed something:\n%v\nwas\n%v", after, before)
				}
				for _, query := range []string{"", "?dry_run=true"} {
					o.admin.Do(t, http.MethodDelete, test.path(o)+query, "", apitest.Header("If-Match", `"2"`)).WantCode(t, 412, "stale_version")
				}
				id := o.admin.Do(t, http.MethodDelete, test.path(o), "", apitest.Header("If-Match", `"1"`)).Want(t, 204).Header.Get("X-Request-Id")

				gone := 0
				for action, want := range map[string][]uuid.UUID{
					"company.delete": test.companies(o), "branch.delete": test.branches(o), "department.delete": test.departments(o),
				} {
					entries := entities(t, a, tenant, action, id)
					for _, id := range want {
						if e := entries[id.String()]; e.Changes["code"].Before == nil || e.Changes["code"].After != nil {
							t.Errorf("%s of %s lacks the last state: %+v", action, id, e)
						}
						before = slices.DeleteFunc(before, func(row string) bool { return strings.HasPrefix(row, id.String()) })
					}
					if len(entries) != len(want) {
						t.Errorf("%d entries %s, want %d", len(entries), action, len(want))
					}
					gone += len(want)
				}
				if after := strings.Split(snapshot(t, a), "\n"); !slices.Equal(before, after) {
					t.Errorf("remaining rows\n%v\nwant\n%v", after, before)
				}
				updates := entities(t, a, tenant, "user.update", id)
				for where, user := range o.users {
					lost := []string{}
					for field, change := range updates[user.ID.String()].Changes {
						if change.Before != nil && change.After == nil {
							lost = append(lost, field)
						}
					}
					slices.Sort(lost)
					if got := strings.Join(lost, " "); got != test.detached[where] {
						t.Errorf("the user of %s lost %q, want %q", where, got, test.detached[where])
					}
					row, err := a.Store.GetUser(t.Context(), db.GetUserParams{TenantID: tenant, ID: user.ID})
					if want := int64(1 + min(1, len(lost))); err != nil || row.Version != want {
						t.Errorf("the user of %s has version %d, want %d (%v)", where, row.Version, want, err)
					}
				}
				if len(updates) != len(test.detached) {
					t.Errorf("%d users changed, want %d", len(updates), len(test.detached))
				}
				for _, query := range []string{"", "?dry_run=true"} {
					o.admin.Do(t, http.MethodDelete, test.path(o)+query, "").WantCode(t, 404, "not_found")
				}
			})
		})
	}
}

func TestDeleteDeepAndWide(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		company := a.Company(t, admin.User.TenantID)
		top := a.Department(t, company)
		parent := top
		for i := range 60 {
			above := parent
			parent = a.Department(t, company, func(d *db.Department) { d.ParentID = &above.ID })
			if i%3 == 0 {
				a.Department(t, company, func(d *db.Department) { d.ParentID = &above.ID })
			}
		}
		got := apitest.Decode[api.DeletionPreview](t, admin.Do(t, http.MethodDelete, departmentPath(top.ID)+"?dry_run=true", "").Want(t, 200))
		if got.Departments != 81 {
			t.Errorf("%d departments in the preview, want 81", got.Departments)
		}
		admin.Do(t, http.MethodDelete, departmentPath(top.ID), "").Want(t, 204)
		if entries := a.AuditEntries(t, admin.User.TenantID, "department.delete"); len(entries) != 81 {
			t.Errorf("%d entries, want 81", len(entries))
		}
	})
}
