package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/redis/redistest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// endings are the ways in which a session of a person ends, by a request of theirs from another session or of an admin.
var endings = map[string]func(t *testing.T, person, other, admin *apitest.Actor){
	"logout": func(t *testing.T, person, _, _ *apitest.Actor) {
		t.Helper()
		person.Do(t, http.MethodPost, "/api/v1/auth/logout", `{}`).Want(t, 204)
	},
	"logout of others": func(t *testing.T, _, other, _ *apitest.Actor) {
		t.Helper()
		other.Do(t, http.MethodPost, "/api/v1/auth/logout", `{"scope":"others"}`).Want(t, 204)
		other.Do(t, http.MethodGet, mePath, "").Want(t, 200)
	},
	"logout of all": func(t *testing.T, _, other, _ *apitest.Actor) {
		t.Helper()
		other.Do(t, http.MethodPost, "/api/v1/auth/logout", `{"scope":"all"}`).Want(t, 204)
	},
	"one of one's own sessions": func(t *testing.T, person, other, _ *apitest.Actor) {
		t.Helper()
		me := apitest.Decode[api.Me](t, person.Do(t, http.MethodGet, mePath, "").Want(t, 200))
		other.Do(t, http.MethodDelete, "/api/v1/auth/sessions/"+me.Session.ID.String(), "").Want(t, 204)
		other.Do(t, http.MethodGet, mePath, "").Want(t, 200)
	},
	"another password": func(t *testing.T, _, other, _ *apitest.Actor) {
		t.Helper()
		other.Do(t, http.MethodPost, "/api/v1/auth/password", `{"current_password":"`+apitest.Password+`","new_password":"a better horse than before"}`).Want(t, 204)
		other.Do(t, http.MethodGet, mePath, "").Want(t, 200)
	},
	"a one-time token": func(t *testing.T, person, other, admin *apitest.Actor) {
		t.Helper()
		token := apitest.Decode[api.OneTimeToken](t, admin.Do(t, http.MethodPost, "/api/v1/users/"+person.User.ID.String()+"/password-reset", "").Want(t, 200))
		other.Do(t, http.MethodPost, "/api/v1/auth/password/reset", `{"token":"`+token.Token+`","new_password":"a better horse than before"}`).Want(t, 204)
	},
	"an admin": func(t *testing.T, person, _, admin *apitest.Actor) {
		t.Helper()
		admin.Do(t, http.MethodDelete, fmt.Sprintf("/api/v1/users/%s/sessions", person.User.ID), "").Want(t, 204)
	},
	"a deactivation": func(t *testing.T, person, _, admin *apitest.Actor) {
		t.Helper()
		admin.Do(t, http.MethodPost, fmt.Sprintf("/api/v1/users/%s/deactivate", person.User.ID), "").Want(t, 200)
		admin.Do(t, http.MethodPost, fmt.Sprintf("/api/v1/users/%s/activate", person.User.ID), "").Want(t, 200)
	},
	"a stolen refresh token": func(t *testing.T, person, other, _ *apitest.Actor) {
		t.Helper()
		old := person.RefreshToken
		for range 2 {
			pair := apitest.Decode[api.TokenPair](t, other.Do(t, http.MethodPost, "/api/v1/auth/refresh", `{"refresh_token":"`+person.RefreshToken+`"}`).Want(t, 200))
			person.RefreshToken = pair.RefreshToken
		}
		other.Do(t, http.MethodPost, "/api/v1/auth/refresh", `{"refresh_token":"`+old+`"}`).WantCode(t, 401, "refresh_reused")
	},
}

// TestEndedSessionsAreAnnounced lets sessions end on one instance and then brings their rows back to life: who still refuses
// them was told.
func TestEndedSessionsAreAnnounced(t *testing.T) {
	t.Parallel()
	for name, end := range endings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := apitest.New(t, store.SQLite, withRedis(storetest.RedisURL(t)))
			two := apitest.Start(t, one.Engine, one.Config)
			alone := one.Config
			alone.RedisURL = config.Secret{}
			three := apitest.Start(t, one.Engine, alone) // it has nobody to tell it
			admin := one.Actor(t, access.Admin)
			user := one.User(t, admin.User.TenantID, access.User)
			person, other := one.Login(t, user), one.Login(t, user)
			bystander := one.ActorIn(t, admin.User.TenantID, access.User)
			on := func(a *apitest.App, who *apitest.Actor) apitest.Reply {
				return a.Do(t, http.MethodGet, mePath, "", apitest.Header("Authorization", "Bearer "+who.AccessToken))
			}
			// The subscriptions stand when the one hears of the other.
			redistest.Until(t, "instances hear each other", func() bool {
				probe := one.ActorIn(t, admin.User.TenantID, access.User)
				probe.Do(t, http.MethodPost, "/api/v1/auth/logout", `{}`).Want(t, 204)
				one.Exec(t, "UPDATE sessions SET ended_at = NULL, end_reason = NULL WHERE user_id = '"+probe.User.ID.String()+"'")
				return on(two, probe).Status == 401
			})

			end(t, person, other, admin)
			for _, a := range []*apitest.App{one, two, three} {
				on(a, person).WantCode(t, 401, "session_ended")
			}
			one.Exec(t, "UPDATE sessions SET ended_at = NULL, end_reason = NULL WHERE user_id = '"+user.ID.String()+"'")
			on(one, person).WantCode(t, 401, "session_ended")
			redistest.Until(t, "the other instance was told", func() bool { return on(two, person).Status == 401 })
			on(two, person).WantCode(t, 401, "session_ended")
			// The database is the truth for all who were not told.
			on(three, person).Want(t, 200)
			for _, a := range []*apitest.App{one, two, three} {
				on(a, bystander).Want(t, 200)
			}
		})
	}
}

// Whoever was not told asks the database, and the other way round nobody is refused who has logged in again.
func TestLoginAfterTheEnd(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite, withRedis(storetest.RedisURL(t)))
	person := a.Actor(t, access.User)
	for range 3 {
		person.Do(t, http.MethodPost, "/api/v1/auth/logout", `{"scope":"all"}`).Want(t, 204)
		person.Do(t, http.MethodGet, mePath, "").WantCode(t, 401, "session_ended")
		person = a.Login(t, person.User)
		person.Do(t, http.MethodGet, mePath, "").Want(t, 200)
	}
}
