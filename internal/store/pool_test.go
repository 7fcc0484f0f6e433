package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestWaitForAConnectionIsLimited(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s, err := store.Open(t.Context(), storetest.NewMigratedURL(t, engine), store.Options{MaxConnections: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		row := tenantRow()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // so that an unlimited wait fails the test
		defer cancel()
		waits := map[string]func() error{
			"a transaction": func() error { return s.Tx(ctx, func(store.Tx) error { return nil }) },
		}
		switch engine {
		case store.Postgres:
			waits["a query"] = func() error { _, err := s.GetTenant(ctx, db.GetTenantParams{ID: row.ID}); return err }
		case store.SQLite:
			waits["a change"] = func() error { return s.InsertTenant(ctx, row) }
		case store.MySQL: // a query waits as long as the holders of the connections wait for locks
		}
		err = s.Tx(t.Context(), func(store.Tx) error {
			if engine != store.SQLite && !s.UsedUp() { // SQLite's readers have connections of their own
				t.Error("UsedUp is false while the only connection is in use")
			}
			var all sync.WaitGroup
			for name, wait := range waits {
				all.Go(func() {
					if err := wait(); !errs.Is(err, errs.Busy) || errs.From(err).RetryAfter == 0 {
						t.Errorf("%s without a connection: error %v, want %s with RetryAfter", name, err, errs.Busy)
					}
				})
			}
			all.Wait()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if s.UsedUp() {
			t.Error("UsedUp is true while no connection is in use")
		}
		if err := s.Tx(t.Context(), func(tx store.Tx) error { return tx.InsertTenant(t.Context(), row) }); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// SQLite waits for a lock for busy_timeout. When that ends, the error is a lock time-out, as on the
// other engines.
func TestLockedFileIsALockTimeout(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.SQLite)
	s, other := storetest.Open(t, databaseURL), storetest.Open(t, databaseURL)
	if _, err := s.SQLDB().ExecContext(t.Context(), "PRAGMA busy_timeout = 20"); err != nil { // on the only connection that writes
		t.Fatal(err)
	}
	err := other.Tx(t.Context(), func(store.Tx) error {
		err := s.Tx(t.Context(), func(store.Tx) error { return nil })
		if !store.IsLockTimeout(err) {
			t.Errorf("error %v, want a lock time-out", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
