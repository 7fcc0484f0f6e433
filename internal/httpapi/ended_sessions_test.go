package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/redis"
	"github.com/tenantry/tenantry/internal/redis/redistest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// cast has the participants of a change: a person with another session, an admin of their tenant,
// and a superuser.
type cast struct{ person, other, admin, super *apitest.Actor }

// change is a change that revokes rights of the person.
type change struct {
	make   func(t *testing.T, c cast)
	status int // of the person's next request
	code   api.ErrorCode
	wide   bool // it affects the whole tenant
}

func ended(f func(t *testing.T, c cast)) change {
	return change{make: f, status: http.StatusUnauthorized, code: "session_ended"}
}

var changes = map[string]change{
	"logout": ended(func(t *testing.T, c cast) {
		t.Helper()
		c.person.Do(t, http.MethodPost, "/api/v1/auth/logout", `{}`).Want(t, 204)
	}),
	"logout of others": ended(func(t *testing.T, c cast) {
		t.Helper()
		c.other.Do(t, http.MethodPost, "/api/v1/auth/logout", `{"scope":"others"}`).Want(t, 204)
		c.other.Do(t, http.MethodGet, mePath, "").Want(t, 200)
	}),
	"logout of all": ended(func(t *testing.T, c cast) {
		t.Helper()
		c.other.Do(t, http.MethodPost, "/api/v1/auth/logout", `{"scope":"all"}`).Want(t, 204)
	}),
	"end of one own session": ended(func(t *testing.T, c cast) {
		t.Helper()
		me := apitest.Decode[api.Me](t, c.person.Do(t, http.MethodGet, mePath, "").Want(t, 200))
		c.other.Do(t, http.MethodDelete, "/api/v1/auth/sessions/"+me.Session.ID.String(), "").Want(t, 204)
		c.other.Do(t, http.MethodGet, mePath, "").Want(t, 200)
	}),
	"password change": ended(func(t *testing.T, c cast) {
		t.Helper()
		body := `{"current_password":"` + apitest.Password + `","new_password":"a better horse than before"}`
		c.other.Do(t, http.MethodPost, "/api/v1/auth/password", body).Want(t, 204)
		c.other.Do(t, http.MethodGet, mePath, "").Want(t, 200)
	}),
	"a one-time token": ended(func(t *testing.T, c cast) {
		t.Helper()
		path := "/api/v1/users/" + c.person.User.ID.String() + "/password-reset"
		token := apitest.Decode[api.OneTimeToken](t, c.admin.Do(t, http.MethodPost, path, "").Want(t, 200))
		c.other.Do(t, http.MethodPost, "/api/v1/auth/password/reset", `{"token":"`+token.Token+`","new_password":"a better horse than before"}`).Want(t, 204)
	}),
	"end of sessions by an admin": ended(func(t *testing.T, c cast) {
		t.Helper()
		c.admin.Do(t, http.MethodDelete, fmt.Sprintf("/api/v1/users/%s/sessions", c.person.User.ID), "").Want(t, 204)
	}),
	"a deactivation": ended(func(t *testing.T, c cast) {
		t.Helper()
		c.admin.Do(t, http.MethodPost, fmt.Sprintf("/api/v1/users/%s/deactivate", c.person.User.ID), "").Want(t, 200)
		c.admin.Do(t, http.MethodPost, fmt.Sprintf("/api/v1/users/%s/activate", c.person.User.ID), "").Want(t, 200)
	}),
	"a deletion": ended(func(t *testing.T, c cast) {
		t.Helper()
		c.admin.Do(t, http.MethodDelete, "/api/v1/users/"+c.person.User.ID.String(), "").Want(t, 204)
	}),
	"a stolen refresh token": ended(func(t *testing.T, c cast) {
		t.Helper()
		old := c.person.RefreshToken
		for range 2 {
			pair := apitest.Decode[api.TokenPair](t, c.other.Do(t, http.MethodPost, "/api/v1/auth/refresh", `{"refresh_token":"`+c.person.RefreshToken+`"}`).Want(t, 200))
			c.person.RefreshToken = pair.RefreshToken
		}
		c.other.Do(t, http.MethodPost, "/api/v1/auth/refresh", `{"refresh_token":"`+old+`"}`).WantCode(t, 401, "refresh_reused")
	}),
	"a demotion": {
		make: func(t *testing.T, c cast) {
			t.Helper()
			c.admin.Do(t, http.MethodPut, "/api/v1/users/"+c.person.User.ID.String(), `{"role":"viewer"}`).Want(t, 200)
		},
		status: http.StatusForbidden, code: "forbidden",
	},
	"a suspension": {
		make: func(t *testing.T, c cast) {
			t.Helper()
			c.super.Do(t, http.MethodPost, "/api/v1/tenants/"+c.person.User.TenantID.String()+"/suspend", "").Want(t, 200)
		},
		status: http.StatusForbidden, code: "tenant_suspended", wide: true,
	},
}

// overheard has the messages received on a channel.
type overheard struct {
	mu    sync.Mutex
	texts strings.Builder
}

func (o *overheard) has(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Contains(o.texts.String(), text)
}

// overhear records the messages on an application's invalidation channel until the test ends.
func overhear(t *testing.T, a *apitest.App) *overheard {
	t.Helper()
	var channel invalidation.Transport
	if a.Config.RedisURL.IsSet() {
		client, err := redis.Open(a.Config.RedisURL.Reveal(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		channel = client.Channel(invalidation.Name)
	} else {
		channel = a.Store.Channel(invalidation.Name)
	}
	ctx, stop := context.WithCancel(context.Background())
	o, ready := &overheard{}, make(chan struct{})
	var listening sync.WaitGroup
	listening.Go(func() {
		_ = channel.Listen(ctx, sync.OnceFunc(func() { close(ready) }), func(text string) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.texts.WriteString(text + "\n")
		})
	})
	t.Cleanup(func() {
		stop()
		listening.Wait()
	})
	<-ready
	return o
}

// TestChangesCountAtOnce makes each change on one instance, while another instance has the person's
// session in its cache.
func TestChangesCountAtOnce(t *testing.T) {
	t.Parallel()
	withRedis := withRedis(storetest.RedisURL(t))
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		changesCountAtOnce(t, apitest.New(t, store.Postgres))
	})
	t.Run("MySQL with Redis", func(t *testing.T) {
		t.Parallel()
		changesCountAtOnce(t, apitest.New(t, store.MySQL, withRedis))
	})
	t.Run("SQLite with Redis", func(t *testing.T) {
		t.Parallel()
		changesCountAtOnce(t, apitest.New(t, store.SQLite, withRedis))
	})
	t.Run("MySQL alone", func(t *testing.T) {
		t.Parallel()
		a := apitest.New(t, store.MySQL)
		if a.Sessions.Checks().Live {
			t.Error("the instance claims to hear others, but has no channel")
		}
		changesCountAtOnce(t, a)
	})
}

func changesCountAtOnce(t *testing.T, one *apitest.App) {
	t.Helper()
	two := apitest.Start(t, one.Engine, one.Config)
	hears := one.Config.RedisURL.IsSet() || one.Engine == store.Postgres
	var announced *overheard
	if hears {
		announced = overhear(t, one)
		for _, a := range []*apitest.App{one, two} {
			redistest.Until(t, "instances hear each other", func() bool { return a.Sessions.Checks().Live })
		}
	}
	super := one.Superuser(t)
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			admin := one.Actor(t, access.Admin)
			user := one.User(t, admin.User.TenantID, access.Admin)
			c := cast{one.Login(t, user), one.Login(t, user), admin, super}
			bystander := one.Actor(t, access.Admin)
			ask := func(a *apitest.App, who *apitest.Actor) apitest.Reply {
				return a.Do(t, http.MethodGet, "/api/v1/tenant", "", apitest.Header("Authorization", "Bearer "+who.AccessToken))
			}
			for _, a := range []*apitest.App{one, two} {
				for range 2 {
					ask(a, c.person).Want(t, 200)
				}
			}
			finish := begin(t, two, c.person, companiesPath)
			change.make(t, c)
			since := time.Now()
			ask(one, c.person).WantCode(t, change.status, change.code)
			for {
				begun := time.Now()
				reply := ask(two, c.person)
				if reply.Status != http.StatusOK {
					reply.WantCode(t, change.status, change.code)
					break
				}
				if !hears || begun.Sub(since) > time.Second {
					t.Fatalf("a request was accepted that began %s after the change", begun.Sub(since))
				}
			}
			finish().WantCode(t, change.status, change.code)
			for _, a := range []*apitest.App{one, two} {
				ask(a, bystander).Want(t, 200)
			}
			if hears {
				subject := invalidation.User(user.TenantID, user.ID)
				if change.wide {
					subject = invalidation.Tenant(user.TenantID)
				}
				redistest.Until(t, "the change is announced", func() bool { return announced.has(" " + subject.String() + "\n") })
			}
		})
	}
	if checks := one.Sessions.Checks(); hears && checks.Remembered == 0 {
		t.Errorf("%+v: no session was cached, so nothing was tested", checks)
	}
}

// lateBody is a body whose first read blocks until it has arrived.
type lateBody struct {
	io.Reader

	begun, arrived chan struct{}
}

func (b lateBody) Read(p []byte) (int, error) {
	select {
	case <-b.begun:
	default:
		close(b.begun)
		<-b.arrived
	}
	return b.Reader.Read(p)
}

// begin sends the headers of a request and returns when the instance waits for the body. finish
// sends the body.
func begin(t *testing.T, a *apitest.App, who *apitest.Actor, path string) (finish func() apitest.Reply) {
	t.Helper()
	const company = `{"code":"LATE","name":"Late"}`
	body := lateBody{strings.NewReader(company), make(chan struct{}), make(chan struct{})}
	replies := make(chan apitest.Reply, 1)
	go func() {
		replies <- a.Do(t, http.MethodPost, path, company, apitest.Header("Authorization", "Bearer "+who.AccessToken), func(r *http.Request) {
			r.Header.Set("Expect", "100-continue") // the server asks for the body when it reads it
			r.Body, r.GetBody = io.NopCloser(body), nil
		})
	}()
	select {
	case <-body.begun:
	case reply := <-replies:
		t.Fatalf("status %d before the body", reply.Status)
	}
	return func() apitest.Reply {
		close(body.arrived)
		return <-replies
	}
}

// An ended session is refused even before the instance is notified, and a new log-in works at once.
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
