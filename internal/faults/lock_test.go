package faults_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

// lockTable are the statements that lock a table exclusively until the connection is closed.
var lockTable = map[store.Engine]func(table string) []string{
	store.Postgres: func(table string) []string {
		return []string{"BEGIN", "LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE"}
	},
	store.MySQL: func(table string) []string { return []string{"LOCK TABLES " + table + " WRITE"} },
}

// lock runs statements on a connection. unlock closes the connection.
func lock(t *testing.T, a *apitest.App, statements ...string) (unlock func()) {
	t.Helper()
	locker, err := a.Database(t).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unlock = func() { _ = locker.Raw(func(any) error { return driver.ErrBadConn }) }
	t.Cleanup(unlock)
	for _, statement := range statements {
		if _, err := locker.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return unlock
}

// wantGivenUp fails the test unless the reply is 503 before the request's time-out, and returns its
// code.
func wantGivenUp(t *testing.T, reply apitest.Reply) api.ErrorCode {
	t.Helper()
	code := apitest.Decode[api.Problem](t, reply).Code
	if code != "unavailable" && code != "busy" || reply.Status != 503 || reply.Header.Get("Retry-After") == "" {
		t.Errorf("%d: %s, want 503 unavailable or busy with Retry-After", reply.Status, reply.Body)
	}
	return code
}

func wantNotDown(t *testing.T, a *apitest.App) {
	t.Helper()
	health := apitest.Decode[api.Health](t, a.Do(t, http.MethodGet, "/api/health", "").Want(t, 200))
	if health.Components.Database.Status == api.ComponentStatusDown {
		t.Errorf("the health reports that the database is down: %+v", health)
	}
}

// A locked table affects neither other tables nor the health, and requests don't wait for it long.
func TestLockedTableDoesNotAffectOthers(t *testing.T) {
	t.Parallel()
	for engine, statements := range lockTable {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			const connections = 6
			a := apitest.New(t, engine, func(cfg *config.Config) { cfg.DatabaseMaxConnections = connections })
			actors := []*apitest.Actor{a.Actor(t, access.Admin), a.Actor(t, access.Admin), a.Actor(t, access.Admin)}
			unlock := lock(t, a, statements("companies")...)
			// A list that takes longer than a second counts as slow work for the next ten seconds.
			wantGivenUp(t, actors[0].Do(t, http.MethodGet, companiesPath, ""))
			reading := make(chan struct{}, 2*connections)
			var others sync.WaitGroup
			for i := range 2 * connections {
				id := fmt.Sprintf("locked-%s-%d", engine, i)
				a.HoldAt(t, id, func(_ context.Context, query string) (before, after bool) {
					if query == "ListCompaniesByCreatedAt" {
						reading <- struct{}{}
					}
					return false, false
				})
				others.Go(func() {
					actors[i%len(actors)].Do(t, http.MethodGet, companiesPath, "", apitest.Header("X-Request-Id", id))
				})
			}
			for range connections / 2 {
				<-reading
			}
			if held := slow(a.Shares.Stats()); held != connections/2 {
				t.Errorf("%d requests hold places for slow work, want %d", held, connections/2)
			}
			for _, by := range actors {
				// Not a table that refers to companies, because MySQL locks those, too.
				by.Do(t, http.MethodGet, "/api/v1/audit/logs", "").Want(t, 200)
			}
			wantNotDown(t, a)
			unlock()
			others.Wait()
		})
	}
}

// slow returns how many requests hold places for slow work.
func slow(stats []admission.Stats) int {
	for _, s := range stats {
		if s.Work == access.WorkSlow {
			return s.Held
		}
	}
	return 0
}

// Every request needs the users. Requests that wait too long for a place are refused, at least a
// quarter of them: there are four times as many requests as connections.
func TestRequestsDoNotWaitLongForLockedUsers(t *testing.T) {
	t.Parallel()
	const connections = 4
	a := apitest.New(t, store.Postgres, func(cfg *config.Config) { cfg.DatabaseMaxConnections = connections })
	actors := []*apitest.Actor{a.Actor(t, access.Admin), a.Actor(t, access.Admin)}
	unlock := lock(t, a, lockTable[store.Postgres]("users")...)
	var requests sync.WaitGroup
	var busy atomic.Int32
	for i := range 4 * connections {
		requests.Go(func() {
			if wantGivenUp(t, actors[i%2].Do(t, http.MethodGet, companiesPath, "")) == api.ErrorCodeBusy {
				busy.Add(1)
			}
		})
	}
	login := fmt.Sprintf(`{"email":%q,"password":%q}`, actors[0].User.Email, apitest.Password)
	requests.Go(func() { wantGivenUp(t, a.Do(t, http.MethodPost, "/api/v1/auth/login", login)) })
	wantNotDown(t, a)
	requests.Wait()
	if busy.Load() < connections {
		t.Errorf("%d of %d requests were refused with busy", busy.Load(), 4*connections)
	}
	unlock()
}

// While another process writes to an SQLite file for long, only writes are refused.
func TestRequestsDoNotWaitLongForALockedFile(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	admin := a.Actor(t, access.Admin)
	unlock := lock(t, a, "BEGIN IMMEDIATE")
	var requests sync.WaitGroup
	requests.Go(func() { wantGivenUp(t, admin.Do(t, http.MethodPost, companiesPath, `{"code":"X","name":"X"}`)) })
	admin.Do(t, http.MethodGet, companiesPath, "").Want(t, 200)
	wantNotDown(t, a)
	requests.Wait()
	unlock()
}
