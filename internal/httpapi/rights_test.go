package httpapi_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// stream is a request for an operation that streams. Its reply isn't checked against the document,
// because the check would first read it to its end.
type stream struct {
	app    *apitest.App
	op     access.Operation
	client *http.Client
}

func newStream(t *testing.T, a *apitest.App, op access.Operation, protocol func(*http.Protocols)) stream {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	protocol(transport.Protocols)
	t.Cleanup(transport.CloseIdleConnections)
	return stream{a, op, &http.Client{Transport: transport}}
}

// read reads the stream to its end and reports whether the reply is complete.
func (s stream) read(t *testing.T, by *apitest.Actor, requestID string) (complete bool) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), s.op.Method, s.app.URL+s.op.Path, nil)
	if err != nil {
		t.Error(err)
		return false
	}
	request.Header.Set("X-Request-Id", requestID)
	request.Header.Set("Authorization", "Bearer "+by.AccessToken)
	response, err := s.client.Do(request)
	if err != nil {
		t.Errorf("no reply: %v", err)
		return false
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode == http.StatusOK && err == nil
}

// queries returns how many queries the complete stream sends, not counting checks of the session.
func (s stream) queries(t *testing.T, by *apitest.Actor) int {
	t.Helper()
	id, n := uuid.NewString(), 0
	s.app.HoldAt(t, id, func(_ context.Context, query string) (before, after bool) {
		if query != "GetSessionState" {
			n++
		}
		return false, false
	})
	if !s.read(t, by, id) || n == 0 {
		t.Fatalf("%s: the stream isn't complete although the right exists, or sends no query: %d queries", s.op.ID, n)
	}
	return n
}

// loseRight calls end before the n-th of those queries and fails the test if the stream is
// complete.
func (s stream) loseRight(t *testing.T, by *apitest.Actor, n int, end func()) {
	t.Helper()
	id, query := uuid.NewString(), 0
	hold := s.app.HoldAt(t, id, func(_ context.Context, name string) (before, after bool) {
		if name != "GetSessionState" {
			query++
		}
		return query == n, false
	})
	complete := make(chan bool, 1)
	go func() { complete <- s.read(t, by, id) }()
	select {
	case <-hold.Reached:
	case <-complete:
		t.Fatal("the stream ended before the right did")
	}
	end()
	hold.Release()
	if <-complete {
		t.Errorf("%s: the stream is complete although the right ended at query %d", s.op.ID, n)
	}
}

// TestStreamsEndWithTheRight ends the right to each stream at each of its queries, by a request to
// another instance.
func TestStreamsEndWithTheRight(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		elsewhere := apitest.Start(t, a.Engine, a.Config)
		super := elsewhere.Superuser(t)
		protocols := []func(*http.Protocols){
			func(p *http.Protocols) { p.SetHTTP1(true) },
			func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) },
		}
		ways := []string{"logout", "end of sessions by an admin", "a deactivation", "a deletion", "a demotion", "password change", "a suspension"}
		next := 0
		for _, op := range apitest.Operations(t) {
			if !op.Streaming {
				continue
			}
			admin := elsewhere.Actor(t, access.Admin)
			tenantID := admin.User.TenantID
			if op.ID == "exportAuditLogs" { // a verification would report these entries as altered
				insertMany(t, a, tenantID, 1100)
			}
			for n := newStream(t, a, op, protocols[0]).queries(t, admin); n > 0; n-- {
				way := ways[next%len(ways)]
				s := newStream(t, a, op, protocols[next%len(protocols)])
				next++
				user := elsewhere.User(t, tenantID, access.Admin)
				c := cast{elsewhere.Login(t, user), elsewhere.Login(t, user), admin, super}
				s.loseRight(t, c.person, n, func() { changes[way].make(t, c) })
				if changes[way].wide {
					super.Do(t, http.MethodPost, tenantPath(tenantID)+"/resume", "").Want(t, 200)
				}
			}
			for _, protocol := range protocols {
				row := a.Tenant(t)
				if op.ID == "exportAuditLogs" {
					insertMany(t, a, row.ID, 1100)
				}
				s := newStream(t, a, op, protocol)
				s.loseRight(t, elsewhere.ActorIn(t, row.ID, access.Admin), s.queries(t, elsewhere.ActorIn(t, row.ID, access.Admin)), func() {
					suspend(t, super, row.ID)
					super.Do(t, http.MethodDelete, deletionPath(row), "").Want(t, 204)
				})
			}
		}
		log := a.Log.String()
		if !strings.Contains(log, `"code":"session_ended","cut_off":true`) || strings.Contains(log, `"level":"ERROR"`) {
			t.Error("want the log to have the reason why streams were cut, and no error")
		}
	})
}

// held pauses a request after one of its queries, and calls meanwhile.
func held(t *testing.T, a *apitest.App, query string, send func(apitest.Option) apitest.Reply, meanwhile func()) apitest.Reply {
	t.Helper()
	id := uuid.NewString()
	hold := a.HoldAt(t, id, func(_ context.Context, name string) (before, after bool) { return false, name == query })
	reply := make(chan apitest.Reply, 1)
	go func() { reply <- send(apitest.Header("X-Request-Id", id)) }()
	select {
	case <-hold.Reached:
	case r := <-reply:
		t.Fatalf("status %d before the query %s", r.Status, query)
	}
	meanwhile()
	hold.Release()
	return <-reply
}

// TestNobodyActsInADeletedTenant deletes the tenant while someone logs in, refreshes their session,
// chooses a password or is refused.
func TestNobodyActsInADeletedTenant(t *testing.T) {
	t.Parallel()
	const refreshPath, passwordPath, resetPath = "/api/v1/auth/refresh", "/api/v1/auth/password", "/api/v1/auth/password/reset"
	const wanted = "a better horse than before"
	login := func(password string) func(*apitest.Actor, string) string {
		return func(by *apitest.Actor, _ string) string { return loginBody(by.User.Email, password) }
	}
	refresh := func(by *apitest.Actor, _ string) string { return `{"refresh_token":"` + by.RefreshToken + `"}` }
	change := func(current string) func(*apitest.Actor, string) string {
		return func(*apitest.Actor, string) string {
			return `{"current_password":"` + current + `","new_password":"` + wanted + `"}`
		}
	}
	reset := func(_ *apitest.Actor, token string) string {
		return `{"token":"` + token + `","new_password":"` + wanted + `"}`
	}
	company := func(*apitest.Actor, string) string { return `{"code":"A","name":"A"}` }
	const active, suspended = false, true
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		for _, test := range []struct {
			name        string
			isSuspended bool
			role        access.Role
			path        string
			body        func(by *apitest.Actor, token string) string
			query       string // after which the tenant is deleted
			status      int
			code        api.ErrorCode
		}{
			{"log-in, before the tenant is read", active, access.User, loginPath, login(apitest.Password), "GetAccountByEmail", 401, "invalid_credentials"},
			{"log-in, after the tenant was read", active, access.User, loginPath, login(apitest.Password), "ListMembershipsUnscoped", 401, "invalid_credentials"},
			{"log-in to a suspended tenant", suspended, access.User, loginPath, login(apitest.Password), "ListMembershipsUnscoped", 401, "invalid_credentials"},
			{"log-in with a wrong password", active, access.User, loginPath, login("wrong"), "GetAccountByEmail", 401, "invalid_credentials"},
			{"refresh", active, access.User, refreshPath, refresh, "GetSessionState", 401, "session_ended"},
			{"refresh in a suspended tenant", suspended, access.User, refreshPath, refresh, "GetSessionState", 401, "session_ended"},
			{"another password", active, access.User, passwordPath, change(apitest.Password), "GetUser", 401, "session_ended"},
			{"another password, with a wrong one", active, access.User, passwordPath, change("wrong"), "GetUser", 401, "session_ended"},
			{"a one-time token", active, access.User, resetPath, reset, "GetOneTimeTokenUnscoped", 400, "invalid_one_time_token"},
			{"a one-time token of a suspended tenant", suspended, access.User, resetPath, reset, "GetOneTimeTokenUnscoped", 400, "invalid_one_time_token"},
			{"a request in a suspended tenant", suspended, access.Admin, companiesPath, company, "GetSessionState", 401, "session_ended"},
			{"a request that the role doesn't allow", active, access.Viewer, companiesPath, company, "GetSessionState", 401, "session_ended"},
			{"a request in another tenant", active, access.Admin, companiesPath + "?tenant_id=" + uuid.NewString(), company, "GetSessionState", 401, "session_ended"},
		} {
			t.Run(test.name, func(t *testing.T) {
				row := a.Tenant(t)
				person := a.ActorIn(t, row.ID, test.role)
				path := "/api/v1/users/" + person.User.ID.String() + "/password-reset"
				token := apitest.Decode[api.OneTimeToken](t, a.ActorIn(t, row.ID, access.Admin).Do(t, http.MethodPost, path, "").Want(t, 200)).Token
				if test.isSuspended {
					suspend(t, super, row.ID)
				}
				send := func(id apitest.Option) apitest.Reply {
					return person.Do(t, http.MethodPost, test.path, test.body(person, token), id)
				}
				held(t, a, test.query, send, func() {
					if !test.isSuspended {
						suspend(t, super, row.ID)
					}
					super.Do(t, http.MethodDelete, deletionPath(row), "").Want(t, 204)
				}).WantCode(t, test.status, test.code)
			})
		}
		// The missing rows are neither the client's fault nor an error of the program.
		for name, request := range map[string]struct{ method, path, body string }{
			"a change, before it is made":         {http.MethodPost, companiesPath, `{"code":"A","name":"A"}`},
			"one's own tenant, before it is read": {http.MethodGet, "/api/v1/tenant", ""},
		} {
			t.Run(name, func(t *testing.T) {
				row := a.Tenant(t)
				person, id := a.ActorIn(t, row.ID, access.Admin), uuid.NewString()
				hold := a.HoldAfterLastLook(t, id)
				reply := make(chan apitest.Reply, 1)
				go func() {
					reply <- person.Do(t, request.method, request.path, request.body, apitest.Header("X-Request-Id", id))
				}()
				select {
				case <-hold.Reached:
				case r := <-reply:
					t.Fatalf("status %d before the handler", r.Status)
				}
				suspend(t, super, row.ID)
				super.Do(t, http.MethodDelete, deletionPath(row), "").Want(t, 204)
				hold.Release()
				(<-reply).WantCode(t, 401, "session_ended")
			})
		}
	})
}

// TestDemotedSuperuserLosesAccessAtOnce removes the flag while a superuser's request to another
// tenant is under way.
func TestDemotedSuperuserLosesAccessAtOnce(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		row := a.Tenant(t)
		path := companiesPath + "?tenant_id=" + row.ID.String()
		demote := func(super *apitest.Actor) {
			a.Exec(t, "UPDATE users SET is_superuser = false WHERE id = '"+super.User.ID.String()+"'")
		}
		t.Run("before the body comes", func(t *testing.T) {
			super := a.Superuser(t)
			finish := begin(t, a, super, path)
			demote(super)
			finish().WantCode(t, 404, "not_found")
		})
		t.Run("before the change", func(t *testing.T) {
			super := a.Superuser(t)
			id := uuid.NewString()
			hold := a.HoldAfterLastLook(t, id)
			reply := make(chan apitest.Reply, 1)
			go func() {
				reply <- super.Do(t, http.MethodPost, path, `{"code":"A","name":"A"}`, apitest.Header("X-Request-Id", id))
			}()
			select {
			case <-hold.Reached:
			case r := <-reply:
				t.Fatalf("status %d before the handler", r.Status)
			}
			demote(super)
			a.Clock.Advance(time.Second)
			hold.Release()
			(<-reply).WantCode(t, 404, "not_found")
		})
		var denied []string
		for _, e := range a.AuditEntries(t, access.PlatformTenantID, "company.create") {
			denied = append(denied, e.Outcome+" "+e.EntityID)
		}
		if want := []string{"denied " + row.ID.String(), "denied " + row.ID.String()}; !slices.Equal(denied, want) {
			t.Errorf("entries %q, want %q", denied, want)
		}
	})
}
