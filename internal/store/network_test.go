package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/faultproxy"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// eachProxied runs f with a store that reaches its database through a proxy, on each engine that
// has a network, and one that reaches it directly.
func eachProxied(t *testing.T, f func(t *testing.T, s, direct *store.Store, p *faultproxy.Proxy)) {
	t.Helper()
	for _, engine := range []store.Engine{store.Postgres, store.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			databaseURL := storetest.NewMigratedURL(t, engine)
			p, proxied := faultproxy.For(t, databaseURL)
			f(t, storetest.Open(t, proxied), storetest.Open(t, databaseURL), p)
		})
	}
}

// mustBeUnavailable fails the test unless a query was given up because the database is gone. How
// soon is tested in watchdog_test.go.
func mustBeUnavailable(t *testing.T, err error) {
	t.Helper()
	if !errs.Is(err, errs.Unavailable) || errs.From(err).RetryAfter == 0 {
		t.Errorf("error is %v; want %s with RetryAfter", err, errs.Unavailable)
	}
}

func TestTransactionOfAConnectionThatGoesSilentIsGivenUp(t *testing.T) {
	t.Parallel()
	eachProxied(t, func(t *testing.T, s, direct *store.Store, p *faultproxy.Proxy) {
		first, second, attempts := tenantRow(), tenantRow(), 0
		err := s.Tx(t.Context(), func(tx store.Tx) error {
			attempts++
			if err := tx.InsertTenant(t.Context(), first); err != nil {
				return err
			}
			p.Fail(faultproxy.HalfOpen)
			return tx.InsertTenant(t.Context(), second)
		})
		mustBeUnavailable(t, err)
		if attempts != 1 {
			t.Errorf("%d attempts, want one", attempts)
		}
		p.Fail(faultproxy.None)
		mustBeRolledBack(t, direct, first)
	})
}

// Nobody knows whether a commit whose answer is lost has happened. Here it has: to run it again
// would do it twice.
func TestCommitWhoseAnswerIsLostIsNeitherRepeatedNorReportedAsDone(t *testing.T) {
	t.Parallel()
	eachProxied(t, func(t *testing.T, s, direct *store.Store, p *faultproxy.Proxy) {
		row, attempts := tenantRow(), 0
		err := s.Tx(t.Context(), func(tx store.Tx) error {
			attempts++
			err := tx.InsertTenant(t.Context(), row)
			p.Fail(faultproxy.Unheard)
			return err
		})
		mustBeUnavailable(t, err)
		if attempts != 1 || !strings.Contains(errs.From(err).Detail, "did not say whether this was done") {
			t.Errorf("error %v with the text %q after %d attempts, want one that says that nothing is known, after one", err, errs.From(err).Detail, attempts)
		}
		if _, err := direct.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}); err != nil {
			t.Errorf("the row isn't there, so the commit was lost and not its answer: %v", err)
		}
	})
}

func TestSlowIsNotSilent(t *testing.T) {
	t.Parallel()
	eachProxied(t, func(t *testing.T, s, direct *store.Store, p *faultproxy.Proxy) {
		row := tenantRow()
		if err := direct.InsertTenant(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		lock := func(s *store.Store, then func()) error {
			return s.Tx(t.Context(), func(tx store.Tx) error {
				_, err := tx.LockTenant(t.Context(), db.LockTenantParams{ID: row.ID})
				then()
				return err
			})
		}
		waited := make(chan error, 1)
		err := lock(direct, func() {
			go func() { waited <- lock(s, func() {}) }()
			// The query has a connection, and then each probe makes one.
			for before := p.Accepted(); p.Accepted() < before+3 && len(waited) == 0; time.Sleep(10 * time.Millisecond) {
			}
		})
		if err := errors.Join(err, <-waited); err != nil {
			t.Errorf("a query that waited for a lock: %v", err)
		}
		p.Delay(100 * time.Millisecond) // there and back is longer than usual, and no reason to give up
		if _, err := s.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}); err != nil {
			t.Errorf("a query in a slow network: %v", err)
		}
	})
}

// As after a restart of the database, or of something in between that forgets its connections.
func TestConnectionsThatWereClosedAreNotUsed(t *testing.T) {
	t.Parallel()
	eachProxied(t, func(t *testing.T, s, _ *store.Store, p *faultproxy.Proxy) {
		row := tenantRow()
		if err := s.InsertTenant(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		useAll := func() { // at the same time, so that afterwards none is being made
			var using, wait sync.WaitGroup
			for _, pool := range s.Stats() {
				for range pool.Max {
					using.Add(1)
					wait.Go(func() {
						has := sync.OnceFunc(using.Done)
						defer has() // also if it doesn't get one
						err := s.Tx(t.Context(), func(tx store.Tx) error {
							_, err := tx.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID})
							has()
							using.Wait()
							return err
						})
						if err != nil {
							t.Error(err)
						}
					})
				}
			}
			wait.Wait()
		}
		useAll()
		p.Cut()
		_, _ = s.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}) // a round trip: by then the kernel has told this side of all
		useAll()
	})
}
