package main_test

import (
	"fmt"
	"maps"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const (
	crashes = 4
	writers = 12 // at the same time
	// beforeCrash is how many creations are acknowledged before a process is killed during others.
	beforeCrash = 60
)

func TestKilledProcessLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL, "LOG_LEVEL=info")
		admin := newAdmin(t, engine, databaseURL)
		acknowledged := map[string]bool{}
		for crash := range crashes {
			p := home.serve()
			maps.Copy(acknowledged, createUntilKilled(p, p.login(admin.Email, apitest.Password).Access, crash))
		}

		p := home.serve()
		listed := map[string]bool{}
		for _, c := range p.companies(p.login(admin.Email, apitest.Password).Access) {
			listed[c.ID] = true
		}
		for id := range acknowledged {
			if !listed[id] {
				t.Errorf("company %s was acknowledged but is missing", id)
			}
		}
		companies, created := companiesInDatabase(t, engine, databaseURL, admin.TenantID)
		if diff := cmp.Diff(companies, created); diff != "" {
			t.Errorf("companies (-) and their audit entries (+) don't match:\n%s", diff)
		}
		if len(acknowledged) < crashes*beforeCrash || len(companies) < len(acknowledged) {
			t.Errorf("%d companies acknowledged and %d in the database, want at least %d", len(acknowledged), len(companies), crashes*beforeCrash)
		}
		home.run(0, "audit", "verify")
	})
}

// createUntilKilled lets several clients create companies, kills the process meanwhile, and returns
// the acknowledged ids.
func createUntilKilled(p *process, token string, crash int) map[string]bool {
	p.t.Helper()
	ids := make(chan string)
	var wait sync.WaitGroup
	for writer := range writers {
		wait.Go(func() {
			for n := 0; ; n++ {
				body := fmt.Sprintf(`{"code":"C%d-%d-%d","name":"Company"}`, crash, writer, n)
				r, err := p.try(http.MethodPost, companiesPath, body, bearer(token))
				if err != nil {
					return
				}
				if r.status != http.StatusCreated {
					p.t.Errorf("status %d, want 201: %s", r.status, r.body)
					return
				}
				ids <- r.header.Get("Location")[len(companiesPath+"/"):]
			}
		})
	}
	go func() {
		wait.Wait()
		close(ids)
	}()
	acknowledged := map[string]bool{}
	for id := range ids {
		acknowledged[id] = true
		if len(acknowledged) == beforeCrash {
			go p.kill()
		}
	}
	if len(acknowledged) < beforeCrash {
		p.t.Fatalf("only %d creations before the writers stopped\n%s", len(acknowledged), p)
	}
	p.kill()
	return acknowledged
}
