package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/postgrestest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// If a process freezes in a transaction, the server's time-out frees the transaction's locks. When
// the process goes on, its transaction starts over or fails as a whole.
func TestIdleTransactionLosesItsLocks(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine == store.SQLite {
			return // SQLite has no server that could end the transaction
		}
		databaseURL := storetest.NewMigratedURL(t, engine)
		mustLoseLocks(t, databaseURL, databaseURL)
	})
	t.Run("through pgbouncer", func(t *testing.T) {
		t.Parallel()
		databaseURL := storetest.NewMigratedURL(t, store.Postgres)
		mustLoseLocks(t, postgrestest.Bouncer(t, databaseURL, 2), databaseURL)
	})
}

func mustLoseLocks(t *testing.T, frozenURL, databaseURL string) {
	t.Helper()
	frozen, err := store.Open(t.Context(), frozenURL, store.Options{MaxConnections: 2, IdleInTransaction: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(frozen.Close)
	other := storetest.Open(t, databaseURL)
	c := insertCompany(t, other)
	d := db.InsertCompanyParams{
		TenantID: c.TenantID, ID: uuid.Must(uuid.NewV7()), Code: "D", Name: "0", CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, Version: 1,
	}
	locked, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	attempts := 0
	go func() {
		ended <- frozen.Tx(t.Context(), func(tx store.Tx) error {
			if _, err := tx.LockTenant(t.Context(), db.LockTenantParams{ID: c.TenantID}); err != nil {
				return err
			}
			if err := tx.InsertCompany(t.Context(), d); err != nil {
				return err
			}
			if attempts++; attempts == 1 {
				close(locked)
				<-goOn
			}
			return increment(t.Context(), tx, db.GetCompanyParams{TenantID: c.TenantID, ID: c.ID})
		})
	}()
	select {
	case <-locked:
	case err := <-ended:
		t.Fatalf("the transaction ended before the process was frozen: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // limits how long a failing test takes
	defer cancel()
	err = other.Tx(ctx, func(tx store.Tx) error {
		_, err := tx.LockTenant(ctx, db.LockTenantParams{ID: c.TenantID})
		return err
	})
	if err != nil {
		t.Errorf("the other process doesn't get the lock: %v", err)
	}
	close(goOn)
	err = <-ended
	if err != nil && !errs.Is(err, errs.Unavailable) {
		t.Errorf("the frozen process ends with %v, want success or %s", err, errs.Unavailable)
	}
	_, missing := other.GetCompany(t.Context(), db.GetCompanyParams{TenantID: d.TenantID, ID: d.ID})
	changed, readErr := other.GetCompany(t.Context(), db.GetCompanyParams{TenantID: c.TenantID, ID: c.ID})
	if readErr != nil {
		t.Fatal(readErr)
	}
	if done := err == nil; done == errors.Is(missing, store.ErrNotFound) || done != (changed.Name == "1") {
		t.Errorf("after %d attempts and error %v: reading the inserted row gives error %v, the name is %q; want both changes or none", attempts, err, missing, changed.Name)
	}
}

func TestPingNeedsNoConnectionOfThePool(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s, err := store.Open(t.Context(), storetest.NewMigratedURL(t, engine), store.Options{MaxConnections: 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		transactions := 2
		if engine == store.SQLite {
			transactions = 1
		}
		held, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error)
		for range transactions {
			go func() {
				ended <- s.Tx(t.Context(), func(tx store.Tx) error {
					_, err := tx.GetTenant(t.Context(), db.GetTenantParams{})
					held <- struct{}{}
					<-goOn
					if errors.Is(err, store.ErrNotFound) {
						return nil
					}
					return err
				})
			}()
		}
		for range transactions {
			<-held
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.Ping(ctx); err != nil {
			t.Errorf("while all connections are taken: %v", err)
		}
		close(goOn)
		for range transactions {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}

// MySQL doesn't notice that the client of a waiting statement has disconnected. Without a time-out
// such connections would pile up on the server.
func TestServerEndsStatementsOfDisconnectedClients(t *testing.T) {
	t.Parallel()
	s := storetest.New(t, store.MySQL)
	var seconds int
	if err := s.SQLDB().QueryRowContext(t.Context(), "SELECT @@innodb_lock_wait_timeout").Scan(&seconds); err != nil || seconds > 5 {
		t.Errorf("a statement waits for a lock for %d seconds (%v), want at most 5", seconds, err)
	}
}
