package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

const (
	membershipsPath = "/api/v1/auth/memberships"
	switchPath      = "/api/v1/auth/switch"
)

// person is somebody with users in two tenants.
type person struct {
	tenants [2]db.Tenant
	users   [2]db.User
}

func newPerson(t *testing.T, a *apitest.App) person {
	t.Helper()
	var p person
	p.tenants[0], p.tenants[1] = a.Tenant(t), a.Tenant(t)
	p.users[0] = a.User(t, p.tenants[0].ID, access.User)
	p.users[1] = a.Member(t, p.users[0], p.tenants[1].ID, access.Admin)
	return p
}

func (p person) login(t *testing.T, a *apitest.App, tenant string) apitest.Reply {
	t.Helper()
	body := `{"email":"` + p.users[0].Email + `","password":"` + apitest.Password + `"`
	if tenant != "" {
		body += `,"tenant":"` + tenant + `"`
	}
	return a.Do(t, http.MethodPost, loginPath, body+`}`)
}

func switchBody(id uuid.UUID) string { return `{"tenant_id":"` + id.String() + `"}` }

// bearerOf returns the option that sends the access token of a log-in.
func bearerOf(login api.LoginResult) apitest.Option {
	return apitest.Header("Authorization", "Bearer "+login.AccessToken)
}

func tenantsOf(all []api.Membership) []uuid.UUID {
	ids := []uuid.UUID{}
	for _, m := range all {
		ids = append(ids, m.Tenant.ID)
	}
	return ids
}

func TestLoginWithSeveralTenants(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		p := newPerson(t, a)
		enter := func(code string) api.LoginResult {
			return apitest.Decode[api.LoginResult](t, p.login(t, a, code).Want(t, 200))
		}
		t.Run("enters the tenant that is named", func(t *testing.T) {
			for i, tenant := range p.tenants {
				if got := enter(tenant.Code); got.User.ID != p.users[i].ID || got.User.TenantID != tenant.ID {
					t.Errorf("entered as %+v, want the user of %s", got.User, tenant.Code)
				}
			}
		})
		t.Run("enters the tenant used last", func(t *testing.T) {
			for i, tenant := range p.tenants {
				a.Clock.Advance(time.Minute)
				enter(tenant.Code)
				a.Clock.Advance(time.Minute)
				if got := enter(""); got.User.ID != p.users[i].ID {
					t.Errorf("entered as %+v after a log-in to %s", got.User, tenant.Code)
				}
			}
		})
		t.Run("says which tenants there are", func(t *testing.T) {
			got := enter("")
			if ids := tenantsOf(got.Memberships); len(ids) != 2 || ids[0] != p.tenants[0].ID || ids[1] != p.tenants[1].ID {
				t.Errorf("memberships %+v", got.Memberships)
			}
			list := apitest.Decode[api.MembershipList](t, a.Do(t, http.MethodGet, membershipsPath, "", bearerOf(got)).Want(t, 200))
			if m := list.Items[1]; m.Role != api.RoleAdmin || m.UserID != p.users[1].ID || m.Tenant.Code != p.tenants[1].Code {
				t.Errorf("%+v", m)
			}
		})
		t.Run("401 for a tenant of others", func(t *testing.T) {
			p.login(t, a, a.Tenant(t).Code).WantCode(t, 401, "invalid_credentials")
			p.login(t, a, "NOBODYS").WantCode(t, 401, "invalid_credentials")
		})
		t.Run("leaves out tenants that can't be entered", func(t *testing.T) {
			other := newPerson(t, a)
			a.Exec(t, "UPDATE tenants SET status = 'suspended' WHERE id = '"+other.tenants[0].ID.String()+"'")
			got := apitest.Decode[api.LoginResult](t, other.login(t, a, "").Want(t, 200))
			if ids := tenantsOf(got.Memberships); got.User.ID != other.users[1].ID || len(ids) != 1 {
				t.Errorf("entered as %+v, memberships %+v", got.User, got.Memberships)
			}
			other.login(t, a, other.tenants[0].Code).WantCode(t, 403, "tenant_suspended")
			a.Exec(t, "UPDATE users SET is_active = false WHERE id = '"+other.users[1].ID.String()+"'")
			other.login(t, a, other.tenants[1].Code).WantCode(t, 401, "invalid_credentials")
			other.login(t, a, "").WantCode(t, 403, "tenant_suspended")
		})
	})
}

func TestSwitchTenant(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		p := newPerson(t, a)
		first := apitest.Decode[api.LoginResult](t, p.login(t, a, p.tenants[0].Code).Want(t, 200))
		enter := func(id uuid.UUID) apitest.Reply {
			return a.Do(t, http.MethodPost, switchPath, switchBody(id), bearerOf(first))
		}
		t.Run("200 with a session there, while the one here goes on", func(t *testing.T) {
			second := apitest.Decode[api.LoginResult](t, enter(p.tenants[1].ID).Want(t, 200))
			for i, login := range []api.LoginResult{first, second} {
				me := apitest.Decode[api.Me](t, a.Do(t, http.MethodGet, mePath, "", bearerOf(login)).Want(t, 200))
				if me.Tenant.ID != p.tenants[i].ID || me.User.ID != p.users[i].ID {
					t.Errorf("session %d is in %+v", i, me.Tenant)
				}
			}
			entries := a.AuditEntries(t, p.tenants[1].ID, "auth.switch")
			if len(entries) != 1 || entries[0].ActorID != p.users[1].ID.String() {
				t.Errorf("trail of the entered tenant: %+v", entries)
			}
			a.Do(t, http.MethodPost, refreshPath, refreshBody(second.RefreshToken)).Want(t, 200)
		})
		t.Run("a token of one tenant doesn't work in another", func(t *testing.T) {
			a.Do(t, http.MethodGet, companiesPath+"?tenant_id="+p.tenants[1].ID.String(), "", bearerOf(first)).WantCode(t, 404, "not_found")
		})
		t.Run("400 for what can't be entered", func(t *testing.T) {
			missing := enter(uuid.New()).WantCode(t, 400, "unknown_reference")
			refused := func(id uuid.UUID) {
				t.Helper()
				if problem := enter(id).WantCode(t, 400, "unknown_reference"); problem.Detail != missing.Detail {
					t.Errorf("detail %q, want that of a missing one", problem.Detail)
				}
			}
			refused(a.Tenant(t).ID)
			a.Exec(t, "UPDATE tenants SET status = 'suspended' WHERE id = '"+p.tenants[1].ID.String()+"'")
			refused(p.tenants[1].ID)
			a.Exec(t, "UPDATE tenants SET status = 'active' WHERE id = '"+p.tenants[1].ID.String()+"'")
			a.Exec(t, "UPDATE users SET is_active = false WHERE id = '"+p.users[1].ID.String()+"'")
			refused(p.tenants[1].ID)
			a.Exec(t, "UPDATE users SET is_active = true WHERE id = '"+p.users[1].ID.String()+"'")
			enter(p.tenants[1].ID).Want(t, 200)
		})
	})
}

// sessionsOf logs a person in to both tenants.
func (p person) sessions(t *testing.T, a *apitest.App) [2]api.LoginResult {
	t.Helper()
	var all [2]api.LoginResult
	for i, tenant := range p.tenants {
		all[i] = apitest.Decode[api.LoginResult](t, p.login(t, a, tenant.Code).Want(t, 200))
	}
	return all
}

func TestSessionsEndInAllTenants(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		for name, end := range map[string]struct {
			do   func(p person, first api.LoginResult)
			ends [2]bool
		}{
			"log-out of all": {func(_ person, first api.LoginResult) {
				a.Do(t, http.MethodPost, logoutPath, `{"scope":"all"}`, bearerOf(first)).Want(t, 204)
			}, [2]bool{true, true}},
			"log-out of others": {func(_ person, first api.LoginResult) {
				a.Do(t, http.MethodPost, logoutPath, `{"scope":"others"}`, bearerOf(first)).Want(t, 204)
			}, [2]bool{false, true}},
			"log-out of the current one": {func(_ person, first api.LoginResult) {
				a.Do(t, http.MethodPost, logoutPath, "", bearerOf(first)).Want(t, 204)
			}, [2]bool{true, false}},
			"another password": {func(_ person, first api.LoginResult) {
				a.Do(t, http.MethodPost, passwordPath, passwordBody(t, apitest.Password, newPassword), bearerOf(first)).Want(t, 204)
			}, [2]bool{false, true}},
			"an admin ends those of their own tenant": {func(p person, _ api.LoginResult) {
				admin := a.ActorIn(t, p.tenants[0].ID, access.Admin)
				admin.Do(t, http.MethodDelete, userPath(p.users[0].ID)+"/sessions", "").Want(t, 204)
			}, [2]bool{true, false}},
			"an admin deactivates the user": {func(p person, _ api.LoginResult) {
				admin := a.ActorIn(t, p.tenants[0].ID, access.Admin)
				admin.Do(t, http.MethodPost, userPath(p.users[0].ID)+"/deactivate", "").Want(t, 200)
			}, [2]bool{true, false}},
		} {
			t.Run(name, func(t *testing.T) {
				p := newPerson(t, a)
				sessions := p.sessions(t, a)
				end.do(p, sessions[0])
				for i, session := range sessions {
					reply := a.Do(t, http.MethodGet, mePath, "", bearerOf(session))
					if ended := reply.Status != 200; ended != end.ends[i] {
						t.Errorf("the session in tenant %d answers %d", i, reply.Status)
					}
				}
			})
		}
	})
}

// invite lets an admin invite an address, and returns the token.
func invite(t *testing.T, by *apitest.Actor, address string) api.CreatedUser {
	t.Helper()
	return apitest.Decode[api.CreatedUser](t, by.Do(t, http.MethodPost, usersPath, newUserBody(address)).Want(t, 201))
}

func acceptBody(token, password string) string {
	return `{"token":"` + token + `","new_password":"` + password + `"}`
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		one, two := a.Actor(t, access.Admin), a.Actor(t, access.Admin)
		accept := func(token, password string) apitest.Reply {
			return a.Do(t, http.MethodPost, resetPath, acceptBody(token, password))
		}
		t.Run("an invited user can't log in, and is listed as invited", func(t *testing.T) {
			invited := invite(t, one, "invited@example.com")
			if !invited.User.IsInvited {
				t.Errorf("%+v", invited.User)
			}
			page := apitest.Decode[api.UserPage](t, one.Do(t, http.MethodGet, usersPath+"?is_invited=true", "").Want(t, 200))
			if len(page.Items) != 1 || page.Items[0].ID != invited.User.ID {
				t.Errorf("%+v", page.Items)
			}
			a.Do(t, http.MethodPost, loginPath, loginBody("invited@example.com", apitest.Password)).WantCode(t, 401, "invalid_credentials")
			accept(invited.OneTimeToken.Token, newPassword).Want(t, 204)
			a.Do(t, http.MethodPost, loginPath, loginBody("invited@example.com", newPassword)).Want(t, 200)
			if now := userNow(t, one, invited.User.ID); now.IsInvited {
				t.Errorf("%+v after the acceptance", now)
			}
			accept(invited.OneTimeToken.Token, newPassword).WantCode(t, 400, "invalid_one_time_token")
		})
		t.Run("somebody with an account proves it with the password", func(t *testing.T) {
			known := a.User(t, one.User.TenantID, access.User)
			invited := invite(t, two, known.Email)
			accept(invited.OneTimeToken.Token, newPassword).WantField(t, "/new_password", "wrong")
			if now := userNow(t, two, invited.User.ID); !now.IsInvited {
				t.Error("a wrong password accepts the invitation")
			}
			refused := a.AuditEntries(t, two.User.TenantID, "auth.password_reset")
			if len(refused) != 1 || refused[0].Outcome != "failure" || refused[0].Reason != "invalid_credentials" || refused[0].EntityLabel != known.Email {
				t.Errorf("trail after a wrong password: %+v", refused)
			}
			accept(invited.OneTimeToken.Token, apitest.Password).Want(t, 204)
			login := apitest.Decode[api.LoginResult](t, a.Do(t, http.MethodPost, loginPath, loginBody(known.Email, apitest.Password)).Want(t, 200))
			if len(login.Memberships) != 2 {
				t.Errorf("memberships %+v", login.Memberships)
			}
			for _, tenantID := range []uuid.UUID{one.User.TenantID, two.User.TenantID} {
				if n := len(a.AuditEntries(t, tenantID, "account.release")); n != 1 {
					t.Errorf("%d entries about the release, want 1 in each trail", n)
				}
			}
		})
		t.Run("the reply doesn't tell who has an account", func(t *testing.T) {
			suspended := a.Tenant(t, func(t *db.Tenant) { t.Status = "suspended" })
			for _, address := range []string{"unknown@example.com", a.User(t, two.User.TenantID, access.User).Email, a.User(t, suspended.ID, access.User).Email} {
				reply := one.Do(t, http.MethodPost, usersPath, newUserBody(address)).Want(t, 201)
				if user := apitest.Decode[api.CreatedUser](t, reply).User; !user.IsInvited || user.LastLoginAt != nil {
					t.Errorf("%+v", user)
				}
				one.Do(t, http.MethodPost, usersPath, newUserBody(address)).WantCode(t, 409, "already_exists")
			}
		})
		t.Run("a deleted invitation can't be accepted, and an account ends with its last user", func(t *testing.T) {
			invited := invite(t, one, "gone@example.com")
			one.Do(t, http.MethodDelete, userPath(invited.User.ID), "").Want(t, 204)
			accept(invited.OneTimeToken.Token, newPassword).WantCode(t, 400, "invalid_one_time_token")

			p := newPerson(t, a)
			for i, tenant := range p.tenants {
				if n := len(a.Texts(t, "SELECT email FROM accounts WHERE email = '"+p.users[0].Email+"'")); n != 1 {
					t.Errorf("%d accounts before the deletion of user %d", n, i)
				}
				a.ActorIn(t, tenant.ID, access.Admin).Do(t, http.MethodDelete, userPath(p.users[i].ID), "").Want(t, 204)
			}
			if n := len(a.Texts(t, "SELECT email FROM accounts WHERE email = '"+p.users[0].Email+"'")); n != 0 {
				t.Error("the account is left without users")
			}
		})
	})
}

// An admin of one tenant must not become able to enter another one as a person who belongs to both.
func TestAdminsOfOneTenantDoNotGetIntoAnother(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		mine, other := a.Actor(t, access.Admin), a.Actor(t, access.Admin)
		victim := a.User(t, mine.User.TenantID, access.User)
		reset, path := userPath(victim.ID)+"/password-reset", userPath(victim.ID)

		// Until the person accepts another tenant, the admin may do this, also while they are
		// invited there.
		invited := invite(t, other, victim.Email)
		mine.Do(t, http.MethodPut, path, `{"email":"moved-`+victim.Email+`"}`).Want(t, 200)
		mine.Do(t, http.MethodPut, path, `{"email":"`+victim.Email+`"}`).Want(t, 200)
		early := apitest.Decode[api.OneTimeToken](t, mine.Do(t, http.MethodPost, reset, "").Want(t, 200)).Token
		a.Do(t, http.MethodPost, resetPath, acceptBody(invited.OneTimeToken.Token, apitest.Password)).Want(t, 204)

		for name, attempt := range map[string]func() apitest.Reply{
			"a new token":     func() apitest.Reply { return mine.Do(t, http.MethodPost, reset, "") },
			"another address": func() apitest.Reply { return mine.Do(t, http.MethodPut, path, `{"email":"attacker@example.com"}`) },
		} {
			t.Run(name, func(t *testing.T) { attempt().WantCode(t, 409, "not_managed") })
		}
		a.Do(t, http.MethodPost, resetPath, acceptBody(early, newPassword)).WantCode(t, 400, "invalid_one_time_token")
		a.Do(t, http.MethodPost, loginPath, loginBody(victim.Email, apitest.Password)).Want(t, 200)

		// What concerns the own tenant alone still works.
		mine.Do(t, http.MethodPut, path, `{"role":"viewer","full_name":"Known Here"}`).Want(t, 200)
		mine.Do(t, http.MethodDelete, path+"/sessions", "").Want(t, 204)
		mine.Do(t, http.MethodPost, path+"/deactivate", "").Want(t, 200)
		there := userNow(t, other, invited.User.ID)
		if there.FullName != "Jonas Berg" || !there.IsActive || there.Role != api.RoleUser {
			t.Errorf("the user of the other tenant has changed: %+v", there)
		}
		mine.Do(t, http.MethodDelete, path, "").Want(t, 204)
		a.Do(t, http.MethodPost, loginPath, loginBody(victim.Email, apitest.Password)).Want(t, 200)
	})
}
