package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

func userBody(email, name string) string {
	return `{"email":"` + email + `","full_name":"` + name + `","role":"user"}`
}

func TestEmailAddressesAreNormalised(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		const canonical = "zo\u00eb@b\u00fccher.example"
		forms := []string{canonical, "ZOE\u0308@xn--bcher-kva.example", "zoe\u0308@B\u00dcCHER.example", "\uff5ao\u00eb@bu\u0308cher\u3002example"}
		reply := apitest.Decode[api.CreatedUser](t, admin.Do(t, http.MethodPost, "/api/v1/users", userBody(forms[1], "Zoe")).Want(t, 201))
		created := reply.User
		if created.Email != canonical {
			t.Fatalf("stored as %+q, want %+q", created.Email, canonical)
		}
		accept := `{"token":"` + reply.OneTimeToken.Token + `","new_password":"` + apitest.Password + `"}`
		a.Do(t, http.MethodPost, "/api/v1/auth/password/reset", accept).Want(t, 204)
		other := a.User(t, admin.User.TenantID, access.User)
		for _, form := range forms {
			admin.Do(t, http.MethodPost, "/api/v1/users", userBody(form, "Zoe")).WantCode(t, 409, "already_exists")
			admin.Do(t, http.MethodPut, "/api/v1/users/"+other.ID.String(), `{"email":"`+form+`"}`).WantCode(t, 409, "already_exists")
			a.Do(t, http.MethodPost, loginPath, loginBody(form, apitest.Password)).Want(t, 200)
			for _, query := range []string{"email=", "q="} {
				page := apitest.Decode[api.UserPage](t, admin.Do(t, http.MethodGet, "/api/v1/users?"+query+url.QueryEscape(" "+form+" "), "").Want(t, 200))
				if len(page.Items) != 1 || page.Items[0].ID != created.ID {
					t.Errorf("%s%+q finds %d users", query, form, len(page.Items))
				}
			}
		}
		const failures = "/api/v1/audit/logs?action=auth.login&outcome=failure&q="
		a.Do(t, http.MethodPost, loginPath, loginBody(canonical, "wrong")).WantCode(t, 401, "invalid_credentials")
		for _, form := range forms {
			page := apitest.Decode[api.AuditEntryPage](t, admin.Do(t, http.MethodGet, failures+url.QueryEscape(form), "").Want(t, 200))
			if len(page.Items) != 1 {
				t.Errorf("q=%+q finds %d audit entries", form, len(page.Items))
			}
		}
		for _, part := range []string{"xn--bcher-kva", "B\u00dcCHER", "bu\u0308cher", "zoe\u0308@"} {
			if page := apitest.Decode[api.UserPage](t, admin.Do(t, http.MethodGet, "/api/v1/users?q="+url.QueryEscape(part), "").Want(t, 200)); len(page.Items) != 1 {
				t.Errorf("q=%+q finds %d users", part, len(page.Items))
			}
		}
		for _, hidden := range []string{"a\u200bb@example.com", "a\u2060b@example.com", "ab@exam\u202cple.com", "a\u00adb@example.com", "a\ufe0f@example.com"} {
			reply := admin.Do(t, http.MethodPost, "/api/v1/users", userBody(hidden, "Hidden"))
			reply.WantCode(t, 422, "validation_failed")
			reply.WantField(t, "/email", "format")
			reply = admin.Do(t, http.MethodPost, "/api/v1/org/companies", `{"code":"HIDDEN","name":"Hidden","email":"`+hidden+`"}`)
			reply.WantField(t, "/email", "format")
			reply = admin.Do(t, http.MethodGet, "/api/v1/users?email="+url.QueryEscape(hidden), "")
			reply.WantCode(t, 422, "validation_failed")
			reply.WantField(t, "email", "format")
			a.Do(t, http.MethodPost, loginPath, loginBody(hidden, apitest.Password)).WantCode(t, 401, "invalid_credentials")
		}
		t.Run("other addresses are found by both forms", func(t *testing.T) {
			admin.Do(t, http.MethodPost, "/api/v1/org/companies", `{"code":"BOOKS","name":"Books","email":"Info@b\u00fccher.example"}`).Want(t, 201)
			for _, q := range []string{"info@b\u00fccher", "info@xn--bcher"} {
				if page := apitest.Decode[api.CompanyPage](t, admin.Do(t, http.MethodGet, "/api/v1/org/companies?q="+url.QueryEscape(q), "").Want(t, 200)); len(page.Items) != 1 {
					t.Errorf("q=%+q finds %d companies", q, len(page.Items))
				}
			}
		})
	})
}

// Earlier versions stored addresses as they were typed. Such accounts still work.
func TestAccountsWithUnnormalisedAddressesCanLogIn(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		for _, former := range []string{"info@xn--bcher-kva.example", "zoe\u0308@example.com", "a\u200bb@example.com"} {
			user := a.User(t, admin.User.TenantID, access.User, func(u *db.User) { u.Email = former })
			reply := a.Do(t, http.MethodPost, loginPath, loginBody(former, apitest.Password)).Want(t, 200)
			if got := apitest.Decode[api.LoginResult](t, reply).User.ID; got != user.ID {
				t.Errorf("%+q logs in %s, want %s", former, got, user.ID)
			}
		}
		for former, canonical := range map[string]string{"post@xn--bcher-kva.example": "post@b\u00fccher.example", "jose\u0301@x.example": "jos\u00e9@x.example", "UP@X.example": "UP@X.example"} {
			user := a.User(t, admin.User.TenantID, access.User, func(u *db.User) { u.Email = former })
			for _, form := range []string{former, canonical} {
				reply := a.Do(t, http.MethodPost, loginPath, loginBody(form, apitest.Password)).Want(t, 200)
				if got := apitest.Decode[api.LoginResult](t, reply).User.ID; got != user.ID {
					t.Errorf("%+q logs in %s, want %s", form, got, user.ID)
				}
				page := apitest.Decode[api.UserPage](t, admin.Do(t, http.MethodGet, "/api/v1/users?email="+url.QueryEscape(form), "").Want(t, 200))
				if len(page.Items) != 1 || page.Items[0].ID != user.ID {
					t.Errorf("email=%+q finds %d users", form, len(page.Items))
				}
				admin.Do(t, http.MethodPost, "/api/v1/users", userBody(form, "Again")).WantCode(t, 409, "already_exists")
				admin.Do(t, http.MethodPut, "/api/v1/users/"+admin.User.ID.String(), `{"email":"`+form+`"}`).WantCode(t, 409, "already_exists")
			}
			stranger := a.Actor(t, access.Admin)
			page := apitest.Decode[api.UserPage](t, stranger.Do(t, http.MethodGet, "/api/v1/users?email="+url.QueryEscape(former), "").Want(t, 200))
			if len(page.Items) != 0 {
				t.Errorf("another tenant finds %+q", former)
			}
			admin.Do(t, http.MethodPut, "/api/v1/users/"+user.ID.String(), `{"email":"`+former+`"}`).Want(t, 200)
		}
		both := a.User(t, admin.User.TenantID, access.User, func(u *db.User) { u.Email = "info@b\u00fccher.example" })
		reply := a.Do(t, http.MethodPost, loginPath, loginBody("info@b\u00fccher.example", apitest.Password)).Want(t, 200)
		if got := apitest.Decode[api.LoginResult](t, reply).User.ID; got != both.ID {
			t.Errorf("the canonical form logs in %s, want %s", got, both.ID)
		}
	})
}

func TestAllFormsOfAnAddressAreCountedAsOneAccount(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, "sqlite")
	forms := []string{"zoe\u0308@example.com", "zo\u00eb@example.com", "ZOE\u0308@EXAMPLE.com", "zo\u00eb@\uff45xample.com", "\uff5ao\u00eb@example.com", "zo\u00eb@example\u3002com"}
	for _, form := range forms {
		a.Do(t, http.MethodPost, loginPath, loginBody(form, "wrong")).WantCode(t, 401, "invalid_credentials")
	}
	a.Do(t, http.MethodPost, loginPath, loginBody(forms[0], "wrong")).WantCode(t, 429, "too_many_attempts")
}

func TestNamesAreNormalised(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, "sqlite")
	super := a.Superuser(t)
	admin := a.Actor(t, access.Admin)
	company := a.Company(t, admin.User.TenantID)
	tenantPath := "/api/v1/tenants/" + admin.User.TenantID.String()
	for field, send := range map[string]func(name string) apitest.Reply{
		"/name of a company": func(name string) apitest.Reply {
			return admin.Do(t, http.MethodPut, "/api/v1/org/companies/"+company.ID.String(), `{"name":"`+name+`"}`)
		},
		"/name of a branch": func(name string) apitest.Reply {
			b := a.Branch(t, company)
			return admin.Do(t, http.MethodPut, "/api/v1/org/branches/"+b.ID.String(), `{"name":"`+name+`"}`)
		},
		"/name of a department": func(name string) apitest.Reply {
			d := a.Department(t, company)
			return admin.Do(t, http.MethodPut, "/api/v1/org/departments/"+d.ID.String(), `{"name":"`+name+`"}`)
		},
		"/name of a tenant": func(name string) apitest.Reply {
			return super.Do(t, http.MethodPut, tenantPath, `{"name":"`+name+`"}`)
		},
		"/contact_name of a tenant": func(name string) apitest.Reply {
			return super.Do(t, http.MethodPut, tenantPath, `{"contact_name":"`+name+`"}`)
		},
		"/full_name of a user": func(name string) apitest.Reply {
			return admin.Do(t, http.MethodPut, "/api/v1/users/"+admin.User.ID.String(), `{"full_name":"`+name+`"}`)
		},
		"/full_name of oneself": func(name string) apitest.Reply {
			return admin.Do(t, http.MethodPut, "/api/v1/auth/me", `{"full_name":"`+name+`"}`)
		},
	} {
		t.Run(field, func(t *testing.T) {
			pointer, _, _ := strings.Cut(field, " ")
			kept := func(given, want string) {
				t.Helper()
				reply := send(given).Want(t, 200)
				if got := apitest.Decode[map[string]any](t, reply)[pointer[1:]]; got != want {
					t.Errorf("%+q is kept as %+q, want %+q", given, got, want)
				}
			}
			kept(" Zoe\u0308 & S\u00f8n ", "Zo\u00eb & S\u00f8n")
			kept("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f4bb", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f4bb")
			kept(strings.Repeat("e\u0301", 100)+strings.Repeat("x", 100), strings.Repeat("\u00e9", 100)+strings.Repeat("x", 100))
			for given, code := range map[string]string{
				"a\u202eb": "not_allowed", "a\u200bb": "not_allowed", `a\nb`: "not_allowed", "a\U000e0041b": "not_allowed", strings.Repeat("\u0958", 101): "too_long",
			} {
				reply := send(given)
				reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, pointer, code)
			}
			if pointer == "/contact_name" {
				return
			}
			for _, blank := range []string{" ", "\u200b", "\u2060\u202c", "\u3164", "\u00ad\ufe0f"} {
				reply := send(blank)
				reply.WantCode(t, 422, "validation_failed")
			}
		})
	}
}

func TestPasswordsAreNormalised(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		tenant := a.Tenant(t)
		const typed, composed = "se\u0301same ouvre-toi", "s\u00e9same\u00a0ouvre-toi"
		t.Run("a new one works in every form", func(t *testing.T) {
			actor := a.ActorIn(t, tenant.ID, access.User)
			change := `{"current_password":"` + apitest.Password + `","new_password":"` + typed + `"}`
			actor.Do(t, http.MethodPost, "/api/v1/auth/password", change).Want(t, 204)
			for _, form := range []string{typed, composed} {
				a.LoginAs(t, actor.User, form)
			}
			same := `{"current_password":"` + typed + `","new_password":"` + composed + `"}`
			actor.Do(t, http.MethodPost, "/api/v1/auth/password", same).WantField(t, "/new_password", "unchanged")
		})
		t.Run("the hash of an earlier version works, and is replaced", func(t *testing.T) {
			hash, err := bcrypt.GenerateFromPassword([]byte(typed), bcrypt.MinCost)
			if err != nil {
				t.Fatal(err)
			}
			former := string(hash)
			user := a.User(t, tenant.ID, access.User)
			a.SetPasswordHash(t, user, former)
			a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, composed)).WantCode(t, 401, "invalid_credentials")
			a.LoginAs(t, user, typed)
			if a.PasswordHash(t, user) == former {
				t.Error("the old hash wasn't replaced")
			}
			a.LoginAs(t, user, composed)
			a.LoginAs(t, user, typed)
		})
		t.Run("422 for too few characters and for blanks", func(t *testing.T) {
			actor := a.ActorIn(t, tenant.ID, access.User)
			for wanted, code := range map[string]string{
				"\U0001f9ed\U0001f9ed\U0001f9ed": "too_short", strings.Repeat(" ", 12): "blank", strings.Repeat("\u200b", 12): "too_short",
				strings.Repeat("\u3000", 12): "blank", strings.Repeat("e\u0301", 11): "too_short",
			} {
				reply := actor.Do(t, http.MethodPost, "/api/v1/auth/password", `{"current_password":"`+apitest.Password+`","new_password":"`+wanted+`"}`)
				reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, "/new_password", code)
			}
		})
	})
}
