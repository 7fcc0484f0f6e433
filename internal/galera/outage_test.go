package galera_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/store"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/errs"
)

// cut is the node that the tests separate from the cluster.
const cut = 2

const (
	companiesPath = "/api/v1/org/companies"
	healthPath    = "/api/health"
	// patience is the time-out for operations that take seconds on an idle machine.
	patience = 2 * time.Minute
)

// refusingNode tests a node in a minority: it still answers, but with error 1047 only.
func refusingNode(t *testing.T, c *cluster) {
	a := c.apps[cut]
	by := a.Actor(t, access.Admin)
	// Each connection of the pool has a transaction that can't be committed.
	var open, ended sync.WaitGroup
	refused := make(chan struct{})
	for range a.Config.DatabaseMaxConnections {
		open.Add(1)
		ended.Go(func() {
			reached := sync.OnceFunc(open.Done)
			err := a.Store.Tx(t.Context(), func(tx store.Tx) error {
				defer reached()
				_, err := tx.GetTenant(t.Context(), db.GetTenantParams{ID: by.User.TenantID})
				reached()
				<-refused
				return err
			})
			if !errs.Is(err, errs.Unavailable) {
				t.Errorf("commit: error is %v, want %s", err, errs.Unavailable)
			}
		})
	}
	open.Wait()
	c.exec(t, cut, "SET GLOBAL wsrep_reject_queries = ALL")
	close(refused)
	ended.Wait()
	awaitHealth(t, a, http.StatusServiceUnavailable)
	if log := a.Log.String(); !strings.Contains(log, "the node may have lost its Galera cluster") {
		t.Error("the log lacks the reason why the database is down")
	}
	mustBeUnavailable(t, by.Do(t, http.MethodGet, companiesPath, ""))
	mustBeUnavailable(t, by.Do(t, http.MethodPost, companiesPath, `{"code":"C","name":"Company"}`))
	c.on(0, by).Do(t, http.MethodGet, companiesPath, "").Want(t, http.StatusOK)

	c.exec(t, cut, "SET GLOBAL wsrep_reject_queries = NONE")
	awaitHealth(t, a, http.StatusOK)
	var sent sync.WaitGroup
	for n := range 2 * a.Config.DatabaseMaxConnections { // all connections of the pool
		sent.Go(func() {
			reply := by.Do(t, http.MethodPost, companiesPath, fmt.Sprintf(`{"code":"N%d","name":"Company"}`, n))
			if reply.Status != http.StatusCreated {
				t.Errorf("status %d after the node is back: %s", reply.Status, reply.Body)
			}
		})
	}
	sent.Wait()
}

// lonelyNode tests a node that loses the others during work. A change that it can't commit is
// neither stored nor acknowledged.
func lonelyNode(t *testing.T, c *cluster) {
	a := c.apps[cut]
	by := a.Actor(t, access.Admin)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var load sync.WaitGroup
	for worker := range 4 {
		load.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				reply := by.Do(t, http.MethodPost, companiesPath, fmt.Sprintf(`{"code":"W%d-%d","name":"Company"}`, worker, n))
				if reply.Status != http.StatusCreated {
					mustBeUnavailable(t, reply)
				}
			}
		})
	}
	c.exec(t, cut, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'")
	awaitHealth(t, a, http.StatusServiceUnavailable)
	mustBeUnavailable(t, by.Do(t, http.MethodGet, companiesPath, ""))
	c.on(1, by).Do(t, http.MethodGet, companiesPath, "").Want(t, http.StatusOK)

	c.exec(t, cut, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'")
	awaitHealth(t, a, http.StatusOK)
	stop()
	load.Wait()
	by.Do(t, http.MethodPost, companiesPath, `{"code":"AFTER","name":"Company"}`).Want(t, http.StatusCreated)
}

func mustBeUnavailable(t *testing.T, r apitest.Reply) {
	t.Helper()
	if r.Status != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q: %s; want 503 with Retry-After", r.Status, r.Header.Get("Retry-After"), r.Body)
	}
}

func awaitHealth(t *testing.T, a *apitest.App, status int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		reply := a.Do(t, http.MethodGet, healthPath, "")
		if reply.Status == status {
			return
		}
		if time.Now().After(deadline) {
			reply.Want(t, status)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
