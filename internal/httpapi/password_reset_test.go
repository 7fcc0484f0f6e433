package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const resetPath = "/api/v1/auth/password/reset"

// newToken creates a one-time token for a user.
func newToken(t *testing.T, admin *apitest.Actor, id uuid.UUID) string {
	t.Helper()
	return apitest.Decode[api.OneTimeToken](t, admin.Do(t, http.MethodPost, userPath(id)+"/password-reset", "").Want(t, 200)).Token
}

func reset(t *testing.T, a *apitest.App, token, wanted string) apitest.Reply {
	t.Helper()
	body, err := json.Marshal(api.PasswordReset{Token: token, NewPassword: wanted})
	if err != nil {
		t.Fatal(err)
	}
	return a.Do(t, http.MethodPost, resetPath, string(body))
}

// isNowhere fails the test if a secret is in the log, in the trail or in the table of tokens.
func isNowhere(t *testing.T, a *apitest.App, secret string) {
	t.Helper()
	if strings.Contains(a.Log.String(), secret) {
		t.Error("a secret is in the log")
	}
	for table, columns := range map[string]string{"one_time_tokens": "token_hash, ''", "audit_entries": "path, changes"} {
		rows, err := a.Database(t).QueryContext(t.Context(), "SELECT "+columns+" FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var one, two string
			if err := rows.Scan(&one, &two); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(one+two, secret) {
				t.Errorf("a secret is in %s", table)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCreatePasswordReset(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		actor := a.ActorIn(t, admin.User.TenantID, access.User)
		reply := admin.Do(t, http.MethodPost, userPath(actor.User.ID)+"/password-reset", "").Want(t, 200)
		first := apitest.Decode[api.OneTimeToken](t, reply)
		if reply.Header.Get("Cache-Control") != "no-store" || first.Link != nil {
			t.Errorf("Cache-Control %q, link %v", reply.Header.Get("Cache-Control"), first.Link)
		}
		second := newToken(t, admin, actor.User.ID)
		if first.Token == second {
			t.Error("two tokens are the same")
		}
		isNowhere(t, a, second)
		if !alive(t, a, actor) {
			t.Error("creating a token ended a session")
		}
		a.Login(t, actor.User)
		entries := a.AuditEntries(t, admin.User.TenantID, "user.password_reset")
		if len(entries) != 2 || entries[0].EntityID != actor.User.ID.String() || len(entries[0].Changes) != 1 || entries[0].Changes["expires_at"].After == nil {
			t.Errorf("audit: %+v", entries)
		}
		reset(t, a, first.Token, newPassword).WantCode(t, 400, "invalid_one_time_token")
		reset(t, a, second, newPassword).Want(t, 204)
	})
}

func TestPasswordResetLink(t *testing.T) {
	t.Parallel()
	const page = "https://app.example.com/reset?lang=no"
	a := apitest.New(t, store.SQLite, func(cfg *config.Config) { cfg.PasswordResetURL = page })
	admin := a.Actor(t, access.Admin)
	created := apitest.Decode[api.CreatedUser](t, admin.Do(t, http.MethodPost, usersPath, newUserBody("new@example.org")).Want(t, 201)).OneTimeToken
	made := apitest.Decode[api.OneTimeToken](t, admin.Do(t, http.MethodPost, userPath(admin.User.ID)+"/password-reset", "").Want(t, 200))
	for _, got := range []api.OneTimeToken{created, made} {
		if got.Link == nil || *got.Link != page+"#token="+got.Token {
			t.Errorf("%+v, want the token behind the # of the page", got)
		}
	}
}

func TestResetPassword(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		t.Run("204 for a new user, who can log in then", func(t *testing.T) {
			created := apitest.Decode[api.CreatedUser](t, admin.Do(t, http.MethodPost, usersPath, newUserBody("first@example.org")).Want(t, 201))
			reset(t, a, created.OneTimeToken.Token, newPassword).Want(t, 204)
			a.Do(t, http.MethodPost, loginPath, loginBody("first@example.org", newPassword)).Want(t, 200)
		})
		t.Run("204 changes the password once, ends all sessions and leaks no secret", func(t *testing.T) {
			actor, colleague := a.ActorIn(t, admin.User.TenantID, access.User), a.ActorIn(t, admin.User.TenantID, access.User)
			second, token := a.Login(t, actor.User), newToken(t, admin, actor.User.ID)
			reset(t, a, token, newPassword).Want(t, 204)
			a.Do(t, http.MethodPost, loginPath, loginBody(actor.User.Email, apitest.Password)).WantCode(t, 401, "invalid_credentials")
			a.Do(t, http.MethodPost, loginPath, loginBody(actor.User.Email, newPassword)).Want(t, 200)
			if alive(t, a, actor) || alive(t, a, second) || !alive(t, a, colleague) {
				t.Error("want only the sessions of the user to have ended")
			}
			reset(t, a, token, newPassword+"!").WantCode(t, 400, "invalid_one_time_token")
			a.Do(t, http.MethodPost, loginPath, loginBody(actor.User.Email, newPassword)).Want(t, 200)
			isNowhere(t, a, token)
			isNowhere(t, a, newPassword)
			entries := a.AuditEntries(t, admin.User.TenantID, "auth.password_reset")
			e := entries[len(entries)-1]
			if e.EntityID != actor.User.ID.String() || e.ActorID != "" || e.Outcome != "success" || len(e.Changes) != 1 || e.Changes["sessions_ended"].After != 2.0 {
				t.Errorf("audit: %+v", e)
			}
		})
		t.Run("204 resets the count of wrong passwords", func(t *testing.T) {
			user := a.User(t, admin.User.TenantID, access.User)
			token := newToken(t, admin, user.ID)
			for range 8 {
				a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, "wrong"))
			}
			a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, apitest.Password)).WantCode(t, 429, "too_many_attempts")
			reset(t, a, token, newPassword).Want(t, 204)
			a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, newPassword)).Want(t, 200)
		})
		t.Run("422 names every broken rule and doesn't use up the token", func(t *testing.T) {
			user := a.User(t, admin.User.TenantID, access.User, func(u *db.User) { u.Email = "mountain" + u.Email })
			token := newToken(t, admin, user.ID)
			for wanted, rule := range map[string]string{
				"elevenbytes": "too_short", strings.Repeat("é", 36) + "x": "too_long", "QwertyUiop123": "common", "my " + user.Email: "personal",
			} {
				reply := reset(t, a, token, wanted)
				reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, "/new_password", rule)
				if strings.Contains(string(reply.Body), wanted) {
					t.Errorf("the password is in %s", reply.Body)
				}
			}
			reset(t, a, token, newPassword).Want(t, 204)
		})
		t.Run("400, always the same, for every invalid token", func(t *testing.T) {
			fresh := func() (db.User, string) {
				u := a.User(t, admin.User.TenantID, access.User)
				return u, newToken(t, admin, u.ID)
			}
			problem := func(token, wanted string) api.Problem {
				p := reset(t, a, token, wanted).WantCode(t, 400, "invalid_one_time_token")
				p.RequestID = ""
				return p
			}
			want := problem("nonsense", newPassword)
			_, used := fresh()
			reset(t, a, used, newPassword).Want(t, 204)
			readdressed, sentToOld := fresh()
			admin.Do(t, http.MethodPut, userPath(readdressed.ID), `{"email":"new-`+readdressed.Email+`"}`).Want(t, 200)
			changed, beforeChange := fresh()
			a.Login(t, changed).Do(t, http.MethodPost, passwordPath, passwordBody(t, apitest.Password, newPassword)).Want(t, 204)
			inactive, ofInactive := fresh()
			a.Exec(t, "UPDATE users SET is_active = false WHERE id = '"+inactive.ID.String()+"'") // in the database, because the application would delete the token
			suspended := a.Actor(t, access.Admin)
			ofSuspended := newToken(t, suspended, suspended.User.ID)
			a.Exec(t, "UPDATE tenants SET status = 'suspended' WHERE id = '"+suspended.User.TenantID.String()+"'")
			_, expired := fresh()
			for name, token := range map[string]string{
				"used": used, "of another address": sentToOld, "from before a password change": beforeChange, "of an inactive user": ofInactive,
				"of a suspended tenant": ofSuspended, "altered": strings.ToUpper(expired), "with a blank": expired + " ",
			} {
				if diff := cmp.Diff(want, problem(token, newPassword)); diff != "" {
					t.Errorf("a token %s gets another reply than an unknown one: %s", name, diff)
				}
			}
			if diff := cmp.Diff(want, problem("nonsense", "x")); diff != "" {
				t.Errorf("with an invalid password: %s", diff)
			}
			a.Clock.Advance(72 * time.Hour)
			if diff := cmp.Diff(want, problem(expired, newPassword)); diff != "" {
				t.Errorf("an expired token gets another reply than an unknown one: %s", diff)
			}
			for _, where := range []uuid.UUID{access.PlatformTenantID, suspended.User.TenantID} {
				entries := a.AuditEntries(t, where, "auth.password_reset")
				if len(entries) == 0 || entries[0].Outcome != "failure" || entries[0].Reason != "invalid_one_time_token" {
					t.Errorf("audit: %+v", entries)
				}
			}
		})
	})
}

// Only one of several simultaneous requests with a token sets the password.
func TestOneTimeTokenWorksForOneOfManyRequests(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		second := apitest.Start(t, a.Engine, a.Config)
		for range 3 {
			user := a.User(t, admin.User.TenantID, access.User)
			token := newToken(t, admin, user.ID)
			statuses := make([]int, 6)
			var wait sync.WaitGroup
			for i := range statuses {
				wait.Go(func() {
					statuses[i] = reset(t, []*apitest.App{a, second}[i%2], token, newPassword+strings.Repeat("x", i)).Status
				})
			}
			wait.Wait()
			worked := 0
			for i, status := range statuses {
				if status == 204 {
					worked++
					a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, newPassword+strings.Repeat("x", i))).Want(t, 200)
				} else if status != 400 {
					t.Errorf("status %d", status)
				}
			}
			if worked != 1 {
				t.Errorf("the token worked %d times: %v", worked, statuses)
			}
		}
	})
}

func TestGuessingTokensIsSlowedDown(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		a := apitest.New(t, engine)
		admin := a.Actor(t, access.Admin)
		user := a.User(t, admin.User.TenantID, access.User)
		token := newToken(t, admin, user.ID)
		for range 107 { // after that the delay is a minute
			reset(t, a, "nonsense", newPassword).WantCode(t, 400, "invalid_one_time_token")
			a.Clock.Advance(time.Minute)
		}
		reset(t, a, "nonsense", newPassword).WantCode(t, 400, "invalid_one_time_token")
		written := len(a.AuditEntries(t, access.PlatformTenantID, "auth.password_reset"))
		reply := reset(t, a, token, newPassword)
		reply.WantCode(t, 429, "too_many_attempts")
		if reply.Header.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
		a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, apitest.Password)).WantCode(t, 429, "too_many_attempts")
		if n := len(a.AuditEntries(t, access.PlatformTenantID, "auth.password_reset")); written != 108 || n != written {
			t.Errorf("%d entries, then %d; want 108 both times", written, n)
		}
		a.Clock.Advance(time.Minute)
		reset(t, a, token, newPassword).Want(t, 204)
	})
}
