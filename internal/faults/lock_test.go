package faults_test

import (
	"database/sql/driver"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

// lockTable locks a table against everybody while the connection is open.
var lockTable = map[store.Engine][]string{
	store.Postgres: {"BEGIN", "LOCK TABLE companies IN ACCESS EXCLUSIVE MODE"},
	store.MySQL:    {"LOCK TABLES companies WRITE"},
}

// One table that somebody has locked takes neither the other tables nor the health along, and nobody waits for it for long.
func TestLockedTableLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	for engine, statements := range lockTable {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			a := apitest.New(t, engine, func(cfg *config.Config) { cfg.DatabaseMaxConnections = 6 })
			actors := []*apitest.Actor{a.Actor(t, access.Admin), a.Actor(t, access.Admin), a.Actor(t, access.Admin)}
			locker, err := a.Database(t).Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			unlock := func() { _ = locker.Raw(func(any) error { return driver.ErrBadConn }) } // closes it
			t.Cleanup(unlock)
			for _, statement := range statements {
				if _, err := locker.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			var waiting sync.WaitGroup
			waiting.Go(func() {
				reply := actors[0].Do(t, http.MethodGet, companiesPath, "")
				if reply.Status != http.StatusServiceUnavailable || reply.Header.Get("Retry-After") == "" {
					t.Errorf("%d: %s, want 503 with Retry-After", reply.Status, reply.Body)
				}
			})
			var others sync.WaitGroup
			for i := 0; i < 200 && !areSlow(a.Shares.Stats()); i++ {
				others.Go(func() { actors[i%len(actors)].Do(t, http.MethodGet, companiesPath, "") })
				time.Sleep(100 * time.Millisecond) // it takes a second until they count as slow
			}
			waiting.Wait()
			for _, by := range actors {
				// MySQL locks what refers to the companies, too.
				by.Do(t, http.MethodGet, "/api/v1/audit/logs", "").Want(t, 200)
			}
			a.Do(t, http.MethodGet, "/api/health", "").Want(t, 200)
			if !areSlow(a.Shares.Stats()) {
				t.Error("the table isn't locked any more")
			}
			unlock()
			others.Wait()
		})
	}
}

// areSlow reports whether requests run as slow work.
func areSlow(stats []admission.Stats) bool {
	for _, s := range stats {
		if s.Work == access.WorkSlow {
			return s.Held > 0
		}
	}
	return false
}
