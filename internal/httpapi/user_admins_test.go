package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
)

// removals are the ways to remove an admin.
var removals = map[string]func(t *testing.T, by *apitest.Actor, id uuid.UUID) apitest.Reply{
	"delete": func(t *testing.T, by *apitest.Actor, id uuid.UUID) apitest.Reply {
		t.Helper()
		return by.Do(t, http.MethodDelete, userPath(id), "")
	},
	"deactivate": func(t *testing.T, by *apitest.Actor, id uuid.UUID) apitest.Reply {
		t.Helper()
		return by.Do(t, http.MethodPost, userPath(id)+"/deactivate", "")
	},
	"demote": func(t *testing.T, by *apitest.Actor, id uuid.UUID) apitest.Reply {
		t.Helper()
		return by.Do(t, http.MethodPut, userPath(id), `{"role":"user"}`)
	},
}

func activeAdmins(t *testing.T, a *apitest.App, tenantID uuid.UUID) int {
	t.Helper()
	var n int
	err := a.Database(t).QueryRowContext(t.Context(), "SELECT count(*) FROM users WHERE role = 'admin' AND is_active AND tenant_id = '"+tenantID.String()+"'").Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheLastAdminStays(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		for name, remove := range removals {
			t.Run("409 to "+name, func(t *testing.T) {
				admin, super := a.Actor(t, access.Admin), a.Superuser(t)
				// None of these users counts as another active admin of the tenant.
				a.User(t, admin.User.TenantID, access.User)
				a.User(t, admin.User.TenantID, access.Admin, func(u *db.User) { u.IsActive = false })
				invited := a.User(t, admin.User.TenantID, access.Admin, func(u *db.User) { u.IsInvited = true })
				remove(t, admin, admin.User.ID).WantCode(t, 409, "last_admin")
				crossing := super.Do(t, http.MethodDelete, userPath(admin.User.ID)+"?tenant_id="+admin.User.TenantID.String(), "")
				crossing.WantCode(t, 409, "last_admin")
				if now := userNow(t, admin, admin.User.ID); now.Version != 1 {
					t.Errorf("%+v", now)
				}
				if reply := remove(t, admin, invited.ID); reply.Status >= 300 {
					t.Errorf("an admin without a password can't be removed: %d %s", reply.Status, reply.Body)
				}
				second := a.User(t, admin.User.TenantID, access.Admin)
				if reply := remove(t, admin, second.ID); reply.Status >= 300 {
					t.Errorf("the second admin can't be removed: %d %s", reply.Status, reply.Body)
				}
				remove(t, admin, admin.User.ID).WantCode(t, 409, "last_admin")
			})
			t.Run("the last one of many who "+name+" each other at once", func(t *testing.T) {
				for range 5 {
					tenant := a.Tenant(t)
					admins := make([]*apitest.Actor, 3)
					for i := range admins {
						admins[i] = a.ActorIn(t, tenant.ID, access.Admin)
					}
					var wait sync.WaitGroup
					for i, by := range admins {
						wait.Go(func() {
							reply := remove(t, by, admins[(i+1)%len(admins)].User.ID)
							switch reply.Status {
							case 200, 204, 401, 403, 409: // 401 and 403: the caller was removed first
							default:
								t.Errorf("%d %s", reply.Status, reply.Body)
							}
						})
					}
					wait.Wait()
					if n := activeAdmins(t, a, tenant.ID); n < 1 {
						t.Fatalf("%d admins are left", n)
					}
				}
			})
		}
		t.Run("invited admins remove each other", func(t *testing.T) {
			super, tenant := a.Superuser(t), a.Tenant(t)
			invite := func() api.CreatedUser {
				return apitest.Decode[api.CreatedUser](t, super.Do(t, http.MethodPost, usersPath+"?tenant_id="+tenant.ID.String(),
					`{"email":"`+uuid.NewString()+`@example.com","full_name":"X","role":"admin"}`).Want(t, 201))
			}
			first := invite()
			path := func(u api.User) string { return userPath(u.ID) + "?tenant_id=" + tenant.ID.String() }
			super.Do(t, http.MethodDelete, path(first.User), "").WantCode(t, 409, "last_admin")
			second := invite()
			super.Do(t, http.MethodDelete, path(first.User), "").Want(t, 204)
			reset(t, a, second.OneTimeToken.Token, newPassword).Want(t, 204)
			super.Do(t, http.MethodDelete, path(second.User), "").WantCode(t, 409, "last_admin")
		})
		t.Run("only one of two who remove each other at once", func(t *testing.T) {
			for range 10 {
				tenant := a.Tenant(t)
				one, two := a.ActorIn(t, tenant.ID, access.Admin), a.ActorIn(t, tenant.ID, access.Admin)
				statuses := make([]int, 2)
				var wait sync.WaitGroup
				wait.Go(func() { statuses[0] = removals["delete"](t, one, two.User.ID).Status })
				wait.Go(func() { statuses[1] = removals["delete"](t, two, one.User.ID).Status })
				wait.Wait()
				won := 0
				for _, status := range statuses {
					if status == 204 {
						won++
					} else if status != 409 && status != 401 {
						t.Errorf("status %d", status)
					}
				}
				if won != 1 || activeAdmins(t, a, tenant.ID) != 1 {
					t.Fatalf("statuses %v, want one 204", statuses)
				}
			}
		})
	})
}

func TestSuperusersAreAdministeredBySuperusers(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super, other := a.Superuser(t), a.Superuser(t)
		admin := a.ActorIn(t, access.PlatformTenantID, access.Admin)
		path := userPath(other.User.ID)
		for _, try := range []struct{ method, path, body, action string }{
			{http.MethodPut, path, `{"email":"mine@example.com"}`, "user.update"},
			{http.MethodPut, path, `{}`, "user.update"},
			{http.MethodDelete, path, "", "user.delete"},
			{http.MethodPost, path + "/deactivate", "", "user.deactivate"},
			{http.MethodPost, path + "/activate", "", "user.activate"},
			{http.MethodPost, path + "/password-reset", "", "user.password_reset"},
			{http.MethodDelete, path + "/sessions", "", "user.sessions_end"},
			{http.MethodGet, path + "/sessions", "", "access.denied"},
		} {
			problem := admin.Do(t, try.method, try.path, try.body).WantCode(t, 403, "forbidden")
			written := false
			for _, e := range a.AuditEntries(t, access.PlatformTenantID, try.action) {
				written = written || e.RequestID == problem.RequestID && e.Outcome == "denied" && e.EntityID == other.User.ID.String() && e.ActorID == admin.User.ID.String()
			}
			if !written {
				t.Errorf("%s %s isn't in the trail", try.method, try.path)
			}
		}
		if now := userNow(t, admin, other.User.ID); now.Version != 1 || !alive(t, a, other) {
			t.Errorf("%+v", now)
		}
		created := apitest.Decode[api.CreatedUser](t, admin.Do(t, http.MethodPost, usersPath, newUserBody("platform@example.com")).Want(t, 201)).User
		if created.IsSuperuser {
			t.Error("an admin made a superuser")
		}
		t.Run("200 by another superuser, until there is one left", func(t *testing.T) {
			super.Do(t, http.MethodPut, path, `{"role":"viewer"}`).Want(t, 200)
			super.Do(t, http.MethodGet, path+"/sessions", "").Want(t, 200)
			newToken(t, super, other.User.ID)
			own := userPath(super.User.ID)
			super.Do(t, http.MethodPut, own, `{"role":"user"}`).Want(t, 200) // there is another admin, and only the flag makes a superuser
			super.Do(t, http.MethodPost, path+"/deactivate", "").Want(t, 200)
			super.Do(t, http.MethodPost, own+"/deactivate", "").WantCode(t, 409, "last_admin")
			super.Do(t, http.MethodDelete, own, "").WantCode(t, 409, "last_admin")
			super.Do(t, http.MethodDelete, path, "").Want(t, 204)
		})
		t.Run("only one of two superusers who remove each other at once", func(t *testing.T) {
			one := super
			for range 5 {
				two := a.Superuser(t)
				statuses := make([]int, 2)
				var wait sync.WaitGroup
				wait.Go(func() { statuses[0] = removals["delete"](t, one, two.User.ID).Status })
				wait.Go(func() { statuses[1] = removals["delete"](t, two, one.User.ID).Status })
				wait.Wait()
				if (statuses[0] == 204) == (statuses[1] == 204) {
					t.Fatalf("statuses %v, want one 204", statuses)
				}
				if statuses[1] == 204 {
					one = two
				}
			}
		})
	})
}

func TestUserQuota(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		limited := func(t *testing.T, most int) *apitest.Actor {
			t.Helper()
			admin := a.Actor(t, access.Admin)
			a.Exec(t, fmt.Sprintf("UPDATE tenants SET max_users = %d WHERE id = '%s'", most, admin.User.TenantID))
			return admin
		}
		t.Run("409 for one more, and inactive ones count", func(t *testing.T) {
			admin := limited(t, 2)
			created := apitest.Decode[api.CreatedUser](t, admin.Do(t, http.MethodPost, usersPath, newUserBody("quota1@example.com")).Want(t, 201)).User
			admin.Do(t, http.MethodPost, userPath(created.ID)+"/deactivate", "").Want(t, 200)
			admin.Do(t, http.MethodPost, usersPath, newUserBody("quota2@example.com")).WantCode(t, 409, "quota_exceeded")
			admin.Do(t, http.MethodPost, userPath(created.ID)+"/activate", "").Want(t, 200)
			admin.Do(t, http.MethodDelete, userPath(created.ID), "").Want(t, 204)
			admin.Do(t, http.MethodPost, usersPath, newUserBody("quota2@example.com")).Want(t, 201)
			if entries := a.AuditEntries(t, admin.User.TenantID, "user.create"); len(entries) != 2 {
				t.Errorf("%d entries, want 2", len(entries))
			}
		})
		t.Run("201 only up to the quota, for many at once", func(t *testing.T) {
			admin := limited(t, 4)
			statuses := make([]int, 8)
			var wait sync.WaitGroup
			for i := range statuses {
				wait.Go(func() {
					statuses[i] = admin.Do(t, http.MethodPost, usersPath, newUserBody(fmt.Sprintf("many%d@example.com", i))).Status
				})
			}
			wait.Wait()
			count := map[int]int{}
			for _, status := range statuses {
				count[status]++
			}
			if count[201] != 3 || count[409] != 5 {
				t.Errorf("statuses %v, want three 201 and five 409", count)
			}
		})
	})
}

// A company is deleted while users are assigned to it. The user ends up without it, or isn't
// created.
func TestUserAssignmentUnderConcurrency(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		for i := range 5 {
			company := a.Company(t, admin.User.TenantID)
			existing := a.User(t, admin.User.TenantID, access.User)
			department := a.Department(t, company, func(d *db.Department) { d.HeadUserID = &existing.ID })
			var wait sync.WaitGroup
			try := func(allowed []int, method, path, body string) {
				wait.Go(func() {
					if reply := admin.Do(t, method, path, body); !slices.Contains(allowed, reply.Status) {
						t.Errorf("%s %s: %d %s", method, path, reply.Status, reply.Body)
					}
				})
			}
			assigned := `"company_id":"` + company.ID.String() + `"`
			try([]int{201, 400}, http.MethodPost, usersPath, newUserBody(fmt.Sprintf("assigned%d@example.com", i), assigned))
			try([]int{200, 400, 404}, http.MethodPut, userPath(existing.ID), `{`+assigned+`}`)
			try([]int{204}, http.MethodDelete, companyPath(company.ID), "")
			try([]int{200, 400, 404}, http.MethodPut, departmentPath(department.ID), `{"name":"Renamed","head_user_id":"`+existing.ID.String()+`"}`)
			try([]int{204}, http.MethodDelete, userPath(existing.ID), "")
			wait.Wait()
		}
		if left := snapshot(t, a); left != "" {
			t.Errorf("left behind: %s", left)
		}
	})
}

// waiting are the queries for the number of transactions that wait for a lock. SQLite runs one at a
// time, so this can't happen there.
var waiting = map[store.Engine]string{
	store.Postgres: "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
	store.MySQL: `SELECT count(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
		WHERE p.db = database() AND t.trx_state = 'LOCK WAIT'`,
}

// waitingInterval is longer than 0.1 s: InnoDB refreshes innodb_trx only if nobody has read it for
// that long.
const waitingInterval = 150 * time.Millisecond

// A company that is being deleted still exists for reads, but not for the following write.
func TestAssignmentToACompanyBeingDeleted(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		existing := a.User(t, admin.User.TenantID, access.User)
		for method, try := range map[string]func(assigned string) apitest.Reply{
			http.MethodPost: func(assigned string) apitest.Reply {
				return admin.Do(t, http.MethodPost, usersPath, newUserBody("new@example.org", assigned))
			},
			http.MethodPut: func(assigned string) apitest.Reply {
				return admin.Do(t, http.MethodPut, userPath(existing.ID), `{`+assigned+`}`)
			},
		} {
			company := a.Company(t, admin.User.TenantID)
			database := a.Database(t)
			deletion, err := database.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := deletion.ExecContext(t.Context(), "DELETE FROM companies WHERE id = '"+company.ID.String()+"'"); err != nil {
				t.Fatal(err)
			}
			replies := make(chan apitest.Reply, 1)
			go func() { replies <- try(`"company_id":"` + company.ID.String() + `"`) }()
			for n := 0; n == 0 && waiting[a.Engine] != "" && len(replies) == 0; {
				<-time.After(waitingInterval)
				if err := database.QueryRowContext(t.Context(), waiting[a.Engine]).Scan(&n); err != nil {
					t.Fatal(err)
				}
			}
			if err := deletion.Commit(); err != nil {
				t.Fatal(err)
			}
			if reply := <-replies; reply.Status != 400 {
				t.Errorf("%s: %d %s", method, reply.Status, reply.Body)
			}
		}
	})
}
