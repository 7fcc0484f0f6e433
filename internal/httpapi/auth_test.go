package httpapi_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

const (
	loginPath   = "/api/v1/auth/login"
	refreshPath = "/api/v1/auth/refresh"
	logoutPath  = "/api/v1/auth/logout"
	mePath      = "/api/v1/auth/me"
)

func loginBody(email, password string) string {
	return `{"email":"` + email + `","password":"` + password + `"}`
}

func refreshBody(token string) string { return `{"refresh_token":"` + token + `"}` }

// unsigned returns the token with the algorithm "none" and without a signature.
func unsigned(token string) string {
	parts := strings.Split(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + parts[1] + "."
}

func TestLogin(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		tenant := a.Tenant(t)
		t.Run("200", func(t *testing.T) {
			user := a.User(t, tenant.ID, access.User)
			reply := a.Do(t, http.MethodPost, loginPath, loginBody(" "+strings.ToUpper(user.Email), apitest.Password)).Want(t, 200)
			got := apitest.Decode[api.LoginResult](t, reply)
			if got.User.ID != user.ID || got.User.TenantID != tenant.ID || got.User.LastLoginAt == nil {
				t.Errorf("user %+v, want %s, just logged in", got.User, user.ID)
			}
			if got.TokenType != "bearer" || got.ExpiresIn != 1800 || got.RefreshExpiresIn != 7*24*3600 {
				t.Errorf("%s, %d s, %d s; want bearer, 1800 s, 604800 s", got.TokenType, got.ExpiresIn, got.RefreshExpiresIn)
			}
			if cache := reply.Header.Get("Cache-Control"); cache != "no-store" {
				t.Errorf("Cache-Control %q, want no-store", cache)
			}
			if entries := a.AuditEntries(t, tenant.ID, "auth.login"); len(entries) != 1 || entries[0].Outcome != "success" || entries[0].ActorID != user.ID.String() {
				t.Errorf("audit: %+v", entries)
			}
		})
		t.Run("401 for a wrong password, a wrong address and an inactive user, all the same", func(t *testing.T) {
			user := a.User(t, tenant.ID, access.User)
			inactive := a.User(t, tenant.ID, access.User, func(u *db.User) { u.IsActive = false })
			noPassword := a.User(t, tenant.ID, access.User, func(u *db.User) { u.IsInvited = true })
			var want api.Problem
			for i, body := range []string{
				loginBody(user.Email, "wrong"), loginBody("nobody@example.com", apitest.Password),
				loginBody(inactive.Email, apitest.Password), loginBody(noPassword.Email, apitest.Password),
				loginBody(user.Email, strings.Repeat("x", 200)),
			} {
				got := a.Do(t, http.MethodPost, loginPath, body).WantCode(t, 401, "invalid_credentials")
				got.RequestID = ""
				if i == 0 {
					want = got
				}
				if got.Detail != want.Detail || got.Title != want.Title {
					t.Errorf("%s: %+v, want %+v", body, got, want)
				}
			}
			// An invited user has no account yet, so the address is as unknown as the other one.
			entries := a.AuditEntries(t, access.PlatformTenantID, "auth.login")
			if len(entries) != 2 || entries[0].EntityLabel != "nobody@example.com" || entries[1].EntityLabel != noPassword.Email || entries[0].Outcome != "failure" {
				t.Errorf("audit of unknown addresses: %+v", entries)
			}
		})
		t.Run("401 for something else than an e-mail address, which isn't stored because it may be a password", func(t *testing.T) {
			const typed = "seven purple umbrellas"
			a.Do(t, http.MethodPost, loginPath, loginBody(typed, "wrong")).WantCode(t, 401, "invalid_credentials")
			a.Do(t, http.MethodPost, loginPath, loginBody(" Seven@Purple", "wrong")).WantCode(t, 401, "invalid_credentials")
			labels := ""
			for _, e := range a.AuditEntries(t, access.PlatformTenantID, "auth.login") {
				labels += e.EntityLabel + "|"
			}
			if strings.Contains(labels, "umbrellas") || strings.Count(labels, "|") < 3 || !strings.Contains(labels, "seven@purple|") {
				t.Errorf("labels %q", labels)
			}
		})
		t.Run("403 for a suspended tenant, only after the right password", func(t *testing.T) {
			user := a.User(t, a.Tenant(t).ID, access.Admin)
			a.Exec(t, "UPDATE tenants SET status = 'suspended' WHERE id = '"+user.TenantID.String()+"'")
			a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, "wrong")).WantCode(t, 401, "invalid_credentials")
			a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, apitest.Password)).WantCode(t, 403, "tenant_suspended")
		})
		t.Run("422 names all missing fields", func(t *testing.T) {
			reply := a.Do(t, http.MethodPost, loginPath, `{"Email":"x"}`)
			reply.WantCode(t, 422, "validation_failed")
			reply.WantField(t, "/email", "required")
			reply.WantField(t, "/password", "required")
			reply.WantField(t, "/Email", "unknown")
		})
	})
}

func TestPasswordHashes(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		tenant := a.Tenant(t)
		hash, err := bcrypt.GenerateFromPassword([]byte(apitest.Password), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		// Python's bcrypt writes 2b where Go writes 2a; both mean the same.
		python := "$2b$" + strings.TrimPrefix(string(hash), "$2a$")
		predecessor := a.User(t, tenant.ID, access.User)
		a.SetPasswordHash(t, predecessor, python)
		a.Login(t, predecessor)
		if got := a.PasswordHash(t, predecessor); got != python {
			t.Errorf("a hash of the current cost was replaced")
		}

		stricter := a.Config
		stricter.BcryptCost = bcrypt.MinCost + 1
		b := apitest.Start(t, a.Engine, stricter)
		b.Login(t, predecessor)
		upgraded := b.PasswordHash(t, predecessor)
		if cost, err := bcrypt.Cost([]byte(upgraded)); err != nil || cost != bcrypt.MinCost+1 {
			t.Errorf("cost %d after log-in, want %d (%v)", cost, bcrypt.MinCost+1, err)
		}
		b.Login(t, predecessor)
	})
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	refresh := func(t *testing.T, a *apitest.App, token string) api.TokenPair {
		t.Helper()
		return apitest.Decode[api.TokenPair](t, a.Do(t, http.MethodPost, refreshPath, refreshBody(token)).Want(t, 200))
	}
	as := func(token string) apitest.Option { return apitest.Header("Authorization", "Bearer "+token) }

	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		t.Run("200 gives a pair that works", func(t *testing.T) {
			actor := a.Actor(t, access.User)
			pair := refresh(t, a, actor.RefreshToken)
			a.Do(t, http.MethodGet, mePath, "", as(pair.AccessToken)).Want(t, 200)
			if pair.RefreshToken == actor.RefreshToken {
				t.Error("the refresh token is the old one")
			}
		})
		t.Run("200 again within the grace time, with the same successor", func(t *testing.T) {
			actor := a.Actor(t, access.User)
			first := refresh(t, a, actor.RefreshToken)
			a.Clock.Advance(9 * time.Second)
			second := refresh(t, a, actor.RefreshToken)
			if first.RefreshToken != second.RefreshToken {
				t.Error("the predecessor got another successor")
			}
			a.Do(t, http.MethodGet, mePath, "", as(second.AccessToken)).Want(t, 200)
		})
		t.Run("401 refresh_reused for another client after the grace time ends the session, access token included", func(t *testing.T) {
			actor := a.Actor(t, access.User)
			pair := refresh(t, a, actor.RefreshToken)
			a.Clock.Advance(11 * time.Second)
			a.Do(t, http.MethodPost, refreshPath, refreshBody(actor.RefreshToken), apitest.Header("User-Agent", "another")).WantCode(t, 401, "refresh_reused")
			for _, token := range []string{actor.AccessToken, pair.AccessToken} {
				a.Do(t, http.MethodGet, mePath, "", as(token)).WantCode(t, 401, "session_ended")
			}
			a.Do(t, http.MethodPost, refreshPath, refreshBody(pair.RefreshToken)).WantCode(t, 401, "session_ended")
			entries := a.AuditEntries(t, actor.User.TenantID, "auth.refresh_reuse")
			if len(entries) != 1 || entries[0].Outcome != "denied" || entries[0].Reason != "refresh_reused" {
				t.Errorf("audit: %+v", entries)
			}
		})
		t.Run("401 refresh_reused for the predecessor's predecessor, even within the grace time", func(t *testing.T) {
			actor := a.Actor(t, access.User)
			second := refresh(t, a, actor.RefreshToken)
			refresh(t, a, second.RefreshToken)
			a.Do(t, http.MethodPost, refreshPath, refreshBody(actor.RefreshToken)).WantCode(t, 401, "refresh_reused")
		})
		t.Run("200 with the same successor for two requests at once", func(t *testing.T) {
			actor := a.Actor(t, access.User)
			pairs := make([]api.TokenPair, 8)
			var wait sync.WaitGroup
			for i := range pairs {
				wait.Go(func() {
					reply, err := a.Client(t).RefreshWithResponse(t.Context(), api.RefreshRequest{RefreshToken: actor.RefreshToken})
					if err != nil || reply.JSON200 == nil {
						t.Errorf("refresh: %v %s", err, reply.Body)
						return
					}
					pairs[i] = *reply.JSON200
				})
			}
			wait.Wait()
			for _, p := range pairs {
				if p.RefreshToken != pairs[0].RefreshToken {
					t.Fatal("concurrent refreshes gave different refresh tokens")
				}
			}
			refresh(t, a, pairs[0].RefreshToken)
		})
		t.Run("401 for an access token, a malformed token and an expired one", func(t *testing.T) {
			actor := a.Actor(t, access.User)
			for _, token := range []string{actor.AccessToken, "nonsense", unsigned(actor.RefreshToken)} {
				a.Do(t, http.MethodPost, refreshPath, refreshBody(token)).WantCode(t, 401, "invalid_token")
			}
			a.Clock.Advance(8 * 24 * time.Hour)
			a.Do(t, http.MethodPost, refreshPath, refreshBody(actor.RefreshToken)).WantCode(t, 401, "token_expired")
		})
		t.Run("401 for a deactivated user, 403 in a suspended tenant", func(t *testing.T) {
			actor := a.Actor(t, access.User)
			a.Exec(t, "UPDATE tenants SET status = 'suspended' WHERE id = '"+actor.User.TenantID.String()+"'")
			a.Do(t, http.MethodPost, refreshPath, refreshBody(actor.RefreshToken)).WantCode(t, 403, "tenant_suspended")
			a.Exec(t, "UPDATE users SET is_active = false WHERE id = '"+actor.User.ID.String()+"'")
			a.Do(t, http.MethodPost, refreshPath, refreshBody(actor.RefreshToken)).WantCode(t, 401, "session_ended")
		})
	})
}

func TestLogout(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		for _, test := range []struct {
			body                        string
			current, other, someoneElse bool
		}{
			{"", false, true, true},
			{"{}", false, true, true},
			{`{"scope":"current"}`, false, true, true},
			{`{"scope":"others"}`, true, false, true},
			{`{"scope":"all"}`, false, false, true},
		} {
			t.Run("204 "+test.body, func(t *testing.T) {
				current := a.Actor(t, access.Viewer)
				other, someoneElse := a.Login(t, current.User), a.ActorIn(t, current.User.TenantID, access.Viewer)
				current.Do(t, http.MethodPost, logoutPath, test.body).Want(t, 204)
				if got := alive(t, a, current); got != test.current {
					t.Errorf("this session is alive: %t", got)
				}
				if got := alive(t, a, other); got != test.other {
					t.Errorf("the other session is alive: %t", got)
				}
				if got := alive(t, a, someoneElse); got != test.someoneElse {
					t.Errorf("another user's session is alive: %t", got)
				}
				if entries := a.AuditEntries(t, current.User.TenantID, "auth.logout"); len(entries) != 1 {
					t.Errorf("%d audit entries, want 1", len(entries))
				}
			})
		}
		t.Run("422 for an unknown scope", func(t *testing.T) {
			reply := a.Actor(t, access.Viewer).Do(t, http.MethodPost, logoutPath, `{"scope":"everyone"}`)
			reply.WantCode(t, 422, "validation_failed")
			reply.WantField(t, "/scope", "not_allowed")
		})
	})
}

func TestGetMe(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		viewer := a.Actor(t, access.Viewer)
		reply, err := viewer.Client(t).GetMeWithResponse(t.Context())
		if err != nil || reply.JSON200 == nil {
			t.Fatalf("%v %s", err, reply.Body)
		}
		me := reply.JSON200
		if me.User.ID != viewer.User.ID || me.Tenant.ID != viewer.User.TenantID || me.Role != "viewer" {
			t.Errorf("%+v, want the viewer %s", me, viewer.User.ID)
		}
		for operation, want := range map[string]bool{"getMe": true, "listCompanies": true, "changePassword": true, "updateMe": false, "createCompany": false, "login": false} {
			if got := slices.Contains(me.Permissions, operation); got != want {
				t.Errorf("permissions %q have %s: %t, want %t", me.Permissions, operation, got, want)
			}
		}
		super, err := a.Superuser(t).Client(t).GetMeWithResponse(t.Context())
		if err != nil || super.JSON200 == nil || super.JSON200.Role != "superuser" || super.JSON200.Tenant.Code != "PLATFORM" {
			t.Errorf("superuser: %v %s", err, super.Body)
		}
	})
}
