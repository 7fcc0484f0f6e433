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

// eachProxied runs f on each engine that has a server. The store s reaches the database through the
// proxy p, and direct reaches it directly.
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

// mustBeUnavailable expects errs.Unavailable with RetryAfter. How soon a query is given up is
// tested in watchdog_test.go.
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

// If the answer to a commit is lost, its outcome is unknown. Here it succeeded, so running the
// transaction again would do its work twice.
func TestCommitOfUnknownOutcomeIsNotRepeated(t *testing.T) {
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
			t.Errorf("error %v with the text %q after %d attempts, want an unknown outcome after one attempt", err, errs.From(err).Detail, attempts)
		}
		if _, err := direct.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}); err != nil {
			t.Errorf("the row is missing, so the commit was lost instead of its answer: %v", err)
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
			// The query takes a connection, and then each probe makes one.
			for before := p.Accepted(); p.Accepted() < before+3 && len(waited) == 0; time.Sleep(10 * time.Millisecond) {
			}
		})
		if err := errors.Join(err, <-waited); err != nil {
			t.Errorf("a query that waits for a lock is given up: %v", err)
		}
		p.Delay(100 * time.Millisecond) // slower than usual, but no reason to give up
		if _, err := s.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}); err != nil {
			t.Errorf("a query on a slow network is given up: %v", err)
		}
	})
}

// Connections are closed by a restart of the database, or by a device in between that drops them.
func TestConnectionsThatWereClosedAreNotUsed(t *testing.T) {
	t.Parallel()
	eachProxied(t, func(t *testing.T, s, _ *store.Store, p *faultproxy.Proxy) {
		row := tenantRow()
		if err := s.InsertTenant(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		useAll := func() { // at the same time, so that the pool makes no connection later
			var using, wait sync.WaitGroup
			for _, pool := range s.Stats() {
				for range pool.Max {
					using.Add(1)
					wait.Go(func() {
						has := sync.OnceFunc(using.Done)
						defer has() // even if it gets no connection
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
		_, _ = s.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}) // after this round trip the kernel knows that all connections are closed
		useAll()
	})
}
