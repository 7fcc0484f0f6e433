package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// addDepartments inserts this many departments into a company at once.
func addDepartments(t *testing.T, a *apitest.App, company db.Company, number int, changes ...func(*db.Department)) []db.Department {
	t.Helper()
	rows := make([]db.Department, number)
	err := a.Store.Tx(t.Context(), func(tx store.Tx) error {
		for i := range rows {
			d := db.Department{
				TenantID: company.TenantID, ID: uuid.Must(uuid.NewV7()), CompanyID: company.ID, Code: fmt.Sprintf("MANY%d", i), Name: "D", IsActive: true,
				CreatedAt: company.CreatedAt, UpdatedAt: company.CreatedAt, Version: 1,
			}
			for _, f := range changes {
				f(&d)
			}
			if err := tx.InsertDepartment(t.Context(), db.InsertDepartmentParams(d)); err != nil {
				return err
			}
			rows[i] = d
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// The first call to delete a company succeeds, however many requests write below it. Those then get
// the error for a missing company.
func TestDeletionWinsAgainstWriters(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		company := a.Company(t, admin.User.TenantID)
		departments := addDepartments(t, a, company, 300)
		branch := a.Branch(t, company)
		user := a.User(t, admin.User.TenantID, access.User)
		inCompany := `"company_id":"` + company.ID.String() + `"`
		writers := map[string]func(i int) apitest.Reply{
			"new department": func(i int) apitest.Reply {
				return admin.Do(t, http.MethodPost, departmentsPath, fmt.Sprintf(`{%s,"code":"N%d","name":"New","parent_id":"%s"}`, inCompany, i, departments[i%300].ID))
			},
			"renamed department": func(i int) apitest.Reply {
				return admin.Do(t, http.MethodPut, departmentPath(departments[0].ID), fmt.Sprintf(`{"name":"Renamed %d"}`, i))
			},
			"renamed branch": func(i int) apitest.Reply {
				return admin.Do(t, http.MethodPut, branchPath(branch.ID), fmt.Sprintf(`{"name":"Renamed %d"}`, i))
			},
			"assigned user": func(i int) apitest.Reply {
				return admin.Do(t, http.MethodPut, userPath(user.ID), fmt.Sprintf(`{"full_name":"Moved %d","department_id":"%s"}`, i, departments[i%300].ID))
			},
		}
		var started, ended sync.WaitGroup
		var gone atomic.Bool
		started.Add(len(writers))
		for name, write := range writers {
			ended.Go(func() {
				for i := 0; ; i++ {
					last := gone.Load()
					reply := write(i)
					if i == 0 {
						started.Done()
					}
					refused := reply.Status == 404 || reply.Status == 400 && strings.Contains(string(reply.Body), `"unknown_reference"`)
					if last && !refused || reply.Status >= 300 && !refused {
						t.Errorf("%s: status %d after the company is gone (%t): %s", name, reply.Status, last, reply.Body)
					}
					if last {
						return
					}
				}
			})
		}
		started.Wait()
		reply := admin.Do(t, http.MethodDelete, companyPath(company.ID), "")
		gone.Store(true)
		ended.Wait()
		reply.Want(t, 204)
	})
}

// Every request that writes below a company waits for the lock of its row. So nothing changes
// during its deletion.
func TestWritesBelowACompanyWaitForItsLock(t *testing.T) {
	t.Parallel()
	errRelease := errors.New("the lock isn't needed any more")
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		// Enough connections, so that no request waits for one.
		a := apitest.New(t, engine, func(c *config.Config) { c.DatabaseMaxConnections = 20 })
		admin := a.Actor(t, access.Admin)
		tenant := admin.User.TenantID
		company, other := a.Company(t, tenant), a.Company(t, tenant)
		branch, department := a.Branch(t, company), a.Department(t, company)
		otherBranch := a.Branch(t, other)
		outside := a.User(t, tenant, access.User, func(u *db.User) { u.BranchID = &otherBranch.ID })
		inside := a.User(t, tenant, access.User, func(u *db.User) { u.DepartmentID = &department.ID })
		head := a.User(t, tenant, access.User)
		a.Department(t, company, func(d *db.Department) { d.HeadUserID = &head.ID })
		operations := map[string][3]string{
			"create branch":     {http.MethodPost, branchesPath, fmt.Sprintf(`{"company_id":"%s","code":"NEW","name":"New"}`, company.ID)},
			"update branch":     {http.MethodPut, branchPath(branch.ID), `{"name":"New"}`},
			"delete branch":     {http.MethodDelete, branchPath(branch.ID), ""},
			"create department": {http.MethodPost, departmentsPath, fmt.Sprintf(`{"company_id":"%s","code":"NEW","name":"New"}`, company.ID)},
			"update department": {http.MethodPut, departmentPath(department.ID), `{"name":"New"}`},
			"delete department": {http.MethodDelete, departmentPath(department.ID), ""},
			"delete company":    {http.MethodDelete, companyPath(company.ID), ""},
			"create user":       {http.MethodPost, usersPath, fmt.Sprintf(`{"email":"new@example.com","full_name":"New","role":"user","branch_id":"%s"}`, branch.ID)},
			"assign user":       {http.MethodPut, userPath(outside.ID), fmt.Sprintf(`{"branch_id":null,"department_id":"%s"}`, department.ID)},
			"detach user":       {http.MethodPut, userPath(inside.ID), `{"department_id":null}`},
			"delete head":       {http.MethodDelete, userPath(head.ID), ""},
		}
		before := snapshot(t, a)
		err := a.Store.Tx(t.Context(), func(tx store.Tx) error {
			if _, err := tx.LockCompany(t.Context(), db.LockCompanyParams{TenantID: tenant, ID: company.ID}); err != nil {
				return err
			}
			var wait sync.WaitGroup
			for name, o := range operations {
				wait.Go(func() {
					// A request that waits doesn't answer, so a slow machine can't make this fail.
					ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
					defer cancel()
					r, err := http.NewRequestWithContext(ctx, o[0], a.URL+o[1], strings.NewReader(o[2]))
					if err != nil {
						t.Error(err)
						return
					}
					r.Header.Set("Authorization", "Bearer "+admin.AccessToken)
					r.Header.Set("Content-Type", "application/json")
					reply, err := a.HTTPClient().Do(r)
					if err == nil {
						_ = reply.Body.Close()
						t.Errorf("%s: status %d while the company is locked", name, reply.StatusCode)
					}
				})
			}
			wait.Wait()
			if a.Engine != store.SQLite && snapshot(t, a) != before {
				t.Errorf("rows changed while the company was locked")
			}
			return errRelease
		})
		if !errors.Is(err, errRelease) {
			t.Fatal(err)
		}
	})
}

// A deletion that takes longer than 10 seconds answers what is left. The next call continues it.
func TestLongDeletions(t *testing.T) {
	t.Parallel()
	for name, below := range map[string]func(t *testing.T, a *apitest.App, company db.Company) (path string, all api.DeletionPreview){
		"company": func(t *testing.T, a *apitest.App, company db.Company) (string, api.DeletionPreview) {
			t.Helper()
			addDepartments(t, a, company, 150)
			return companyPath(company.ID), api.DeletionPreview{Companies: 1, Departments: 150}
		},
		"branch": func(t *testing.T, a *apitest.App, company db.Company) (string, api.DeletionPreview) {
			t.Helper()
			branch := a.Branch(t, company)
			addDepartments(t, a, company, 150, func(d *db.Department) { d.BranchID = &branch.ID })
			return branchPath(branch.ID), api.DeletionPreview{Branches: 1, Departments: 150}
		},
		"department": func(t *testing.T, a *apitest.App, company db.Company) (string, api.DeletionPreview) {
			t.Helper()
			top := a.Department(t, company)
			addDepartments(t, a, company, 150, func(d *db.Department) { d.ParentID = &top.ID })
			return departmentPath(top.ID), api.DeletionPreview{Departments: 151}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := apitest.New(t, store.SQLite)
			admin := a.Actor(t, access.Admin)
			path, left := below(t, a, a.Company(t, admin.User.TenantID))
			if got := apitest.Decode[api.DeletionPreview](t, admin.Do(t, http.MethodDelete, path+"?dry_run=true", "").Want(t, 200)); !reflect.DeepEqual(got, left) {
				t.Errorf("preview %+v, want %+v", got, left)
			}
			ifMatch := apitest.Header("If-Match", `"1"`)
			a.Clock.Step(4 * time.Second)
			reply := admin.Do(t, http.MethodDelete, path, "", ifMatch).Want(t, 202)
			a.Clock.Step(0)
			admin = a.Login(t, admin.User) // the session may have expired
			left.Departments -= 100        // the size of a batch
			if got := apitest.Decode[api.DeletionPreview](t, reply); !reflect.DeepEqual(got, left) || reply.Header.Get("Retry-After") != "1" {
				t.Errorf("the reply says that %+v are left, want %+v; Retry-After %s", got, left, reply.Header.Get("Retry-After"))
			}
			admin.Do(t, http.MethodDelete, path, "", ifMatch).Want(t, 204)
			if entries := a.AuditEntries(t, admin.User.TenantID, "department.delete"); len(entries) < 150 {
				t.Errorf("%d entries, want one for each department", len(entries))
			}
			admin.Do(t, http.MethodDelete, path, "").WantCode(t, 404, "not_found")
		})
	}
}

func TestDeleteUserWhoHeadsManyDepartments(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	admin := a.Actor(t, access.Admin)
	head := a.User(t, admin.User.TenantID, access.User)
	for range 2 {
		addDepartments(t, a, a.Company(t, admin.User.TenantID), 60, func(d *db.Department) { d.HeadUserID = &head.ID })
	}
	admin.Do(t, http.MethodDelete, userPath(head.ID), "", apitest.Header("If-Match", `"1"`)).Want(t, 204)
	if entries := a.AuditEntries(t, admin.User.TenantID, "department.update"); len(entries) != 120 {
		t.Errorf("%d entries, want 120", len(entries))
	}
	_, err := a.Store.GetUser(t.Context(), db.GetUserParams{TenantID: head.TenantID, ID: head.ID})
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the user still exists: %v", err)
	}
}
