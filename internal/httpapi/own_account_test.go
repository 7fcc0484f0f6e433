package httpapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
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
)

const (
	sessionsPath = "/api/v1/auth/sessions"
	passwordPath = "/api/v1/auth/password"
	newPassword  = "seven purple umbrellas"
)

// alive reports whether an actor's session is alive, by both of its tokens. It uses up the refresh
// token.
func alive(t *testing.T, a *apitest.App, actor *apitest.Actor) bool {
	t.Helper()
	status := actor.Do(t, http.MethodGet, mePath, "").Status
	refreshed := a.Do(t, http.MethodPost, refreshPath, refreshBody(actor.RefreshToken)).Status
	if (status == 200) != (refreshed == 200) {
		t.Errorf("access token: %d, refresh token: %d; want both accepted or both refused", status, refreshed)
	}
	return status == 200
}

func TestUpdateMe(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		t.Run("200 changes the given fields, clears null, and keeps the rest", func(t *testing.T) {
			user := a.Actor(t, access.User)
			reply := user.Do(t, http.MethodPut, mePath, `{"full_name":"Ænna 🧭","phone":"+47 22"}`, apitest.Header("If-Match", `"1"`)).Want(t, 200)
			got := apitest.Decode[api.User](t, reply)
			if got.ID != user.User.ID || got.FullName != "Ænna 🧭" || got.Phone == nil || *got.Phone != "+47 22" || got.Version != 2 || reply.TaggedVersion() != 2 {
				t.Errorf("%+v, ETag %s", got, reply.Header.Get("ETag"))
			}
			got = apitest.Decode[api.User](t, user.Do(t, http.MethodPut, mePath, `{"phone":null}`).Want(t, 200))
			if got.FullName != "Ænna 🧭" || got.Phone != nil || got.Version != 3 {
				t.Errorf("%+v, want no phone and the same name", got)
			}
			if me := apitest.Decode[api.Me](t, user.Do(t, http.MethodGet, mePath, "").Want(t, 200)); me.User.FullName != got.FullName || me.User.Version != 3 {
				t.Errorf("getMe differs from the reply: %+v", me.User)
			}
			entries := a.AuditEntries(t, user.User.TenantID, "user.update")
			if len(entries) != 2 || entries[0].EntityID != user.User.ID.String() || entries[0].ActorID != user.User.ID.String() ||
				entries[0].Changes["full_name"].Before != user.User.FullName || entries[0].Changes["full_name"].After != "Ænna 🧭" ||
				len(entries[1].Changes) != 1 || entries[1].Changes["phone"].Before != "+47 22" || entries[1].Changes["phone"].After != nil {
				t.Errorf("audit: %+v", entries)
			}
		})
		t.Run("200 without a change keeps the version and writes no entry", func(t *testing.T) {
			user := a.Actor(t, access.User)
			for _, body := range []string{`{}`, `{"phone":null}`, `{"full_name":"` + user.User.FullName + `"}`} {
				if reply := user.Do(t, http.MethodPut, mePath, body).Want(t, 200); reply.TaggedVersion() != 1 {
					t.Errorf("%s: ETag %s, want 1", body, reply.Header.Get("ETag"))
				}
			}
			if entries := a.AuditEntries(t, user.User.TenantID, "user.update"); len(entries) != 0 {
				t.Errorf("audit: %+v", entries)
			}
		})
		t.Run("403 for a viewer", func(t *testing.T) {
			a.Actor(t, access.Viewer).Do(t, http.MethodPut, mePath, `{"phone":"1"}`).WantCode(t, 403, "forbidden")
		})
		t.Run("412 changes nothing", func(t *testing.T) {
			user := a.Actor(t, access.User)
			user.Do(t, http.MethodPut, mePath, `{"phone":"1"}`, apitest.Header("If-Match", `"2"`)).WantCode(t, 412, "stale_version")
			if me := apitest.Decode[api.Me](t, user.Do(t, http.MethodGet, mePath, "")); me.User.Phone != nil || me.User.Version != 1 {
				t.Errorf("%+v", me.User)
			}
		})
		t.Run("412 for all but one of those who have read the same version", func(t *testing.T) {
			user := a.Actor(t, access.User)
			var changed atomic.Int64
			var wait sync.WaitGroup
			for i := range 8 {
				wait.Go(func() {
					body := `{"phone":"` + strings.Repeat("1", i+1) + `"}`
					switch reply := user.Do(t, http.MethodPut, mePath, body, apitest.Header("If-Match", `"1"`)); reply.Status {
					case 200:
						changed.Add(1)
					case 412:
					default:
						t.Errorf("%d %s", reply.Status, reply.Body)
					}
				})
			}
			wait.Wait()
			if changed.Load() != 1 {
				t.Errorf("%d requests changed the same version, want 1", changed.Load())
			}
		})
		t.Run("422 for fields that users can't change themselves", func(t *testing.T) {
			user := a.Actor(t, access.User)
			for field, value := range map[string]string{
				"role": `"admin"`, "is_superuser": "true", "is_active": "true", "email": `"a@b.example"`, "password": `"x"`, "password_hash": `"x"`,
				"tenant_id": `"` + uuid.NewString() + `"`, "version": "9", "company_id": "null",
			} {
				reply := user.Do(t, http.MethodPut, mePath, `{"`+field+`":`+value+`}`)
				reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, "/"+field, "unknown")
			}
			for body, rule := range map[string]string{
				`{"full_name":" "}`: "pattern", `{"full_name":null}`: "type", `{"full_name":""}`: "too_short",
				`{"full_name":"` + strings.Repeat("x", 201) + `"}`: "too_long",
			} {
				user.Do(t, http.MethodPut, mePath, body).WantField(t, "/full_name", rule)
			}
			user.Do(t, http.MethodPut, mePath, `{"phone":"`+strings.Repeat("1", 33)+`"}`).WantField(t, "/phone", "too_long")
		})
		t.Run("200 in a superuser's own tenant", func(t *testing.T) {
			super := a.Superuser(t)
			super.Do(t, http.MethodPut, mePath, `{"phone":"1"}`).Want(t, 200)
			super.Do(t, http.MethodPut, mePath+"?tenant_id="+a.Tenant(t).ID.String(), `{"phone":"2"}`).WantCode(t, 422, "validation_failed")
		})
	})
}

func TestListMySessions(t *testing.T) {
	t.Parallel()
	list := func(t *testing.T, actor *apitest.Actor) []api.OwnSession {
		t.Helper()
		return apitest.Decode[api.OwnSessionList](t, actor.Do(t, http.MethodGet, sessionsPath, "").Want(t, 200)).Items
	}
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		t.Run("200 with the user's sessions, newest first, and the current one marked", func(t *testing.T) {
			older := a.Actor(t, access.Viewer)
			a.Clock.Advance(time.Second)
			newer := a.Login(t, older.User)
			a.ActorIn(t, older.User.TenantID, access.Viewer)
			for _, test := range []struct {
				actor   *apitest.Actor
				current []bool
			}{{newer, []bool{true, false}}, {older, []bool{false, true}}} {
				items := list(t, test.actor)
				if len(items) != 2 || !items[0].CreatedAt.After(items[1].CreatedAt.Time) {
					t.Fatalf("%+v, want two, newest first", items)
				}
				for i, s := range items {
					if s.Current != test.current[i] || s.IP != "127.0.0.1" || !strings.HasPrefix(s.UserAgent, "Go-http-client") {
						t.Errorf("%d: %+v, want current %t", i, s, test.current[i])
					}
				}
			}
			me := apitest.Decode[api.Me](t, newer.Do(t, http.MethodGet, mePath, ""))
			if got := list(t, newer)[0]; got.ID != me.Session.ID || got.ExpiresAt != me.Session.ExpiresAt || got.LastSeenAt != me.Session.LastSeenAt {
				t.Errorf("%+v, want the session %+v", got, me.Session)
			}
		})
		t.Run("200 without ended and expired sessions", func(t *testing.T) {
			user := a.User(t, a.Tenant(t).ID, access.Viewer)
			a.Login(t, user) // expires below
			a.Clock.Advance(7 * 24 * time.Hour)
			a.Login(t, user).Do(t, http.MethodPost, logoutPath, "").Want(t, 204)
			if items := list(t, a.Login(t, user)); len(items) != 1 || !items[0].Current {
				t.Errorf("%+v, want the current one alone", items)
			}
		})
		t.Run("200 with all sessions, page by page", func(t *testing.T) {
			actor, admin := a.Actor(t, access.Viewer), a.Superuser(t)
			now := a.Clock.Now().UTC().Truncate(time.Microsecond)
			for i := range 100 {
				err := a.Store.InsertSession(t.Context(), db.InsertSessionParams{
					TenantID: actor.User.TenantID, ID: uuid.New(), UserID: actor.User.ID, RefreshID: uuid.New(), IP: "192.0.2.1",
					CreatedAt: now.Add(time.Duration(i/2) * time.Second), RefreshedAt: now, ExpiresAt: now.Add(time.Hour), Version: 1,
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if items := list(t, actor); len(items) != 100 || slices.ContainsFunc(items, func(s api.OwnSession) bool { return s.Current }) {
				t.Errorf("%d sessions without parameters, want the 100 newest", len(items))
			}
			tenant := "&tenant_id=" + actor.User.TenantID.String()
			for first, by := range map[string]*apitest.Actor{
				sessionsPath + "?limit=40": actor, userPath(actor.User.ID) + "/sessions?limit=40" + tenant: admin,
			} {
				seen, current, pages := map[uuid.UUID]bool{}, 0, 0
				for next := &first; next != nil && pages < 10; pages++ {
					reply := by.Do(t, http.MethodGet, *next, "").Want(t, 200)
					page := apitest.Decode[api.OwnSessionList](t, reply)
					for _, s := range page.Items {
						seen[s.ID] = true
						if s.Current {
							current++
						}
					}
					next = nil
					if page.NextCursor != nil {
						next = new(first + "&cursor=" + *page.NextCursor)
						link := reply.Header.Get("Link")
						if path, _, _ := strings.Cut(first, "?"); !strings.HasPrefix(link, "<"+path+"?") || !strings.Contains(link, *page.NextCursor) {
							t.Errorf("Link %s", link)
						}
					}
				}
				if len(seen) != 101 || pages != 3 || current != 1 && by == actor {
					t.Errorf("%s: %d sessions on %d pages, %d of them current; want 101, 3 and 1", first, len(seen), pages, current)
				}
			}
			other := a.Actor(t, access.Viewer)
			cursor := *apitest.Decode[api.OwnSessionList](t, actor.Do(t, http.MethodGet, sessionsPath, "").Want(t, 200)).NextCursor
			other.Do(t, http.MethodGet, sessionsPath+"?cursor="+cursor, "").WantCode(t, 422, "invalid_cursor")
		})
	})
}

func TestExpiredSessionsAreDeletedInBatches(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		tenant, other := a.Tenant(t), a.Tenant(t)
		user, stranger := a.User(t, tenant.ID, access.Viewer), a.User(t, other.ID, access.Viewer)
		now := a.Clock.Now().UTC().Truncate(time.Microsecond)
		add := func(u db.User, expires time.Time) {
			err := a.Store.InsertSession(t.Context(), db.InsertSessionParams{
				TenantID: u.TenantID, ID: uuid.New(), UserID: u.ID, RefreshID: uuid.New(), IP: "192.0.2.1",
				CreatedAt: now, RefreshedAt: now, ExpiresAt: expires, Version: 1,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for range 25 {
			add(user, now.Add(-time.Hour))
		}
		add(user, now.Add(time.Hour))
		add(stranger, now.Add(-time.Hour))
		count := func(tenant db.Tenant) (n int) {
			query := "SELECT count(*) FROM sessions WHERE tenant_id = '" + tenant.ID.String() + "'"
			if err := a.Database(t).QueryRowContext(t.Context(), query).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for i, want := range []int{26 + 1 - 10, 17 + 1 - 10, 8 + 1 - 5} {
			a.Login(t, user)
			if got := count(tenant); got != want {
				t.Errorf("%d sessions after %d log-ins, want %d", got, i+1, want)
			}
		}
		if got := count(other); got != 1 {
			t.Errorf("%d sessions of another tenant, want 1", got)
		}
	})
}

func TestEndMySession(t *testing.T) {
	t.Parallel()
	sessionPath := func(t *testing.T, actor *apitest.Actor) string {
		t.Helper()
		return sessionsPath + "/" + apitest.Decode[api.Me](t, actor.Do(t, http.MethodGet, mePath, "").Want(t, 200)).Session.ID.String()
	}
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		t.Run("204 ends this one and no other", func(t *testing.T) {
			current := a.Actor(t, access.Viewer)
			lost, other := a.Login(t, current.User), a.Login(t, current.User)
			path := sessionPath(t, lost)
			current.Do(t, http.MethodDelete, path, "").Want(t, 204)
			lost.Do(t, http.MethodGet, mePath, "").WantCode(t, 401, "session_ended")
			a.Do(t, http.MethodPost, refreshPath, refreshBody(lost.RefreshToken)).WantCode(t, 401, "session_ended")
			current.Do(t, http.MethodDelete, path, "").WantCode(t, 404, "not_found")
			if !alive(t, a, current) || !alive(t, a, other) {
				t.Error("another session has ended, too")
			}
			entries := a.AuditEntries(t, current.User.TenantID, "auth.session_end")
			if len(entries) != 1 || !strings.HasSuffix(path, entries[0].EntityID) || entries[0].Changes["end_reason"].After != "ended_by_user" {
				t.Errorf("audit: %+v", entries)
			}
		})
		t.Run("204 for the current one", func(t *testing.T) {
			current := a.Actor(t, access.Viewer)
			current.Do(t, http.MethodDelete, sessionPath(t, current), "").Want(t, 204)
			if alive(t, a, current) {
				t.Error("the session is still alive")
			}
		})
		t.Run("404 for another user's session and for a missing one", func(t *testing.T) {
			actor := a.Actor(t, access.Admin)
			colleague, foreign := a.ActorIn(t, actor.User.TenantID, access.Viewer), a.Actor(t, access.Viewer)
			missing := withoutVariables(t, actor.Do(t, http.MethodDelete, sessionsPath+"/"+uuid.NewString(), ""))
			for _, other := range []*apitest.Actor{colleague, foreign} {
				got := withoutVariables(t, actor.Do(t, http.MethodDelete, sessionPath(t, other), ""))
				if got.Detail != missing.Detail || got.Code != missing.Code {
					t.Errorf("another user's session gets %+v, a missing one %+v", got, missing)
				}
				if !alive(t, a, other) {
					t.Error("another user's session has ended")
				}
			}
			if entries := a.AuditEntries(t, actor.User.TenantID, "auth.session_end"); len(entries) != 0 {
				t.Errorf("audit: %+v", entries)
			}
		})
		t.Run("404 for an expired session", func(t *testing.T) {
			expired := a.Actor(t, access.Viewer)
			path := sessionPath(t, expired)
			a.Clock.Advance(8 * 24 * time.Hour)
			a.Login(t, expired.User).Do(t, http.MethodDelete, path, "").WantCode(t, 404, "not_found")
		})
		t.Run("422 for a malformed id", func(t *testing.T) {
			a.Actor(t, access.Viewer).Do(t, http.MethodDelete, sessionsPath+"/1", "").WantCode(t, 422, "validation_failed")
		})
	})
}

func passwordBody(t *testing.T, current, wanted string) string {
	t.Helper()
	body, err := json.Marshal(api.PasswordChange{CurrentPassword: current, NewPassword: wanted})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		t.Run("204 changes it, ends the other sessions and logs no password", func(t *testing.T) {
			current := a.Actor(t, access.Viewer)
			other, colleague := a.Login(t, current.User), a.ActorIn(t, current.User.TenantID, access.Viewer)
			current.Do(t, http.MethodPost, passwordPath, passwordBody(t, apitest.Password, newPassword)).Want(t, 204)

			a.Do(t, http.MethodPost, loginPath, loginBody(current.User.Email, apitest.Password)).WantCode(t, 401, "invalid_credentials")
			a.Do(t, http.MethodPost, loginPath, loginBody(current.User.Email, newPassword)).Want(t, 200)
			if !alive(t, a, current) || alive(t, a, other) || !alive(t, a, colleague) {
				t.Error("want only the other session of the user to have ended")
			}
			entries := a.AuditEntries(t, current.User.TenantID, "auth.password_change")
			if len(entries) != 1 || entries[0].EntityID != current.User.ID.String() || len(entries[0].Changes) != 1 || entries[0].Changes["sessions_ended"].After != 1.0 {
				t.Errorf("audit: %+v", entries)
			}
			if log := a.Log.String(); strings.Contains(log, newPassword) || strings.Contains(log, apitest.Password) {
				t.Error("a password is in the log")
			}
		})
		t.Run("422 for a wrong current password, which doesn't end the session", func(t *testing.T) {
			actor := a.Actor(t, access.Viewer)
			before := a.PasswordHash(t, actor.User)
			reply := actor.Do(t, http.MethodPost, passwordPath, passwordBody(t, "wrong", newPassword))
			reply.WantCode(t, 422, "validation_failed")
			reply.WantField(t, "/current_password", "wrong")
			if a.PasswordHash(t, actor.User) != before || !alive(t, a, actor) {
				t.Error("the password has changed")
			}
			entries := a.AuditEntries(t, actor.User.TenantID, "auth.password_change")
			if len(entries) != 1 || entries[0].Outcome != "failure" || entries[0].Reason != "wrong_password" || len(entries[0].Changes) != 0 {
				t.Errorf("audit: %+v", entries)
			}
		})
		t.Run("422 names the broken rule and not the password", func(t *testing.T) {
			actor := a.Login(t, a.User(t, a.Tenant(t).ID, access.Viewer, func(u *db.User) { u.Email = "mountain" + u.Email }))
			for wanted, rule := range map[string]string{
				"elevenbytes": "too_short", strings.Repeat("é", 36) + "x": "too_long", "QwertyUiop123": "common",
				apitest.Password: "unchanged", "my " + strings.ToUpper(actor.User.Email): "personal", "x": "too_short",
			} {
				reply := actor.Do(t, http.MethodPost, passwordPath, passwordBody(t, apitest.Password, wanted))
				problem := reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, "/new_password", rule)
				if len(problem.Errors) != 1 || len(wanted) > 1 && strings.Contains(string(reply.Body), wanted) {
					t.Errorf("%s: %s", wanted, reply.Body)
				}
			}
			both := actor.Do(t, http.MethodPost, passwordPath, passwordBody(t, "x", "x"))
			both.WantField(t, "/new_password", "too_short")
			if places := both.WantCode(t, 422, "validation_failed").Errors; len(places) != 1 {
				t.Errorf("%d messages for one field: %s", len(places), both.Body)
			}
			actor.Do(t, http.MethodPost, passwordPath, passwordBody(t, apitest.Password, strings.Repeat("é", 36))).Want(t, 204)
		})
		t.Run("204 for only one of two at once", func(t *testing.T) {
			actor := a.Actor(t, access.Viewer)
			statuses := make([]int, 4)
			var wait sync.WaitGroup
			for i := range statuses {
				wait.Go(func() {
					statuses[i] = actor.Do(t, http.MethodPost, passwordPath, passwordBody(t, apitest.Password, newPassword+strings.Repeat("x", i))).Status
				})
			}
			wait.Wait()
			changed := 0
			for i, status := range statuses {
				if status == 204 {
					changed++
					a.Do(t, http.MethodPost, loginPath, loginBody(actor.User.Email, newPassword+strings.Repeat("x", i))).Want(t, 200)
				} else if status != 422 {
					t.Errorf("status %d", status)
				}
			}
			if changed != 1 {
				t.Errorf("%d changes of the same password, want 1: %v", changed, statuses)
			}
		})
		t.Run("429 as at log-in", func(t *testing.T) {
			actor := a.Actor(t, access.Viewer)
			for range 12 { // after that the delay is 64 s
				a.Clock.Advance(time.Minute)
				actor.Do(t, http.MethodPost, passwordPath, passwordBody(t, "wrong", newPassword)).WantCode(t, 422, "validation_failed")
			}
			reply := actor.Do(t, http.MethodPost, passwordPath, passwordBody(t, apitest.Password, newPassword))
			reply.WantCode(t, 429, "too_many_attempts")
			a.Do(t, http.MethodPost, loginPath, loginBody(actor.User.Email, apitest.Password)).WantCode(t, 429, "too_many_attempts")
			a.Clock.Advance(64 * time.Second)
			actor.Do(t, http.MethodPost, passwordPath, passwordBody(t, apitest.Password, newPassword)).Want(t, 204)
			actor.Do(t, http.MethodPost, passwordPath, passwordBody(t, apitest.Password, newPassword+"!")).WantCode(t, 422, "validation_failed")
		})
	})
}
