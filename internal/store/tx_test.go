package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

var errRefused = errors.New("refused by a rule")

func tenantRow() db.InsertTenantParams {
	id := uuid.Must(uuid.NewV7())
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	return db.InsertTenantParams{
		ID: id, Code: id.String()[4:], Name: "Tenant", Tier: "free", Status: "active", CreatedAt: now, UpdatedAt: now, Version: 1,
	}
}

// mustBeRolledBack fails if the row exists, or if an open transaction has inserted it.
func mustBeRolledBack(t *testing.T, s *store.Store, row db.InsertTenantParams) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := s.GetTenant(ctx, db.GetTenantParams{ID: row.ID}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("reading the row after the rollback: error %v; want ErrNotFound", err)
	}
	if err := s.InsertTenant(ctx, row); err != nil {
		t.Errorf("inserting the row again after the rollback: %v", err)
	}
}

func TestTxCommits(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s, row := storetest.New(t, engine), tenantRow()
		err := s.Tx(t.Context(), func(tx store.Tx) error {
			if err := tx.InsertTenant(t.Context(), row); err != nil {
				return err
			}
			if _, err := tx.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}); err != nil {
				t.Errorf("the transaction doesn't see its own row: %v", err)
			}
			if _, err := s.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("others see the row before the commit: error is %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}); err != nil {
			t.Errorf("after the commit: %v", err)
		}
	})
}

func TestTxRollsBackOnError(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s, row, attempts := storetest.New(t, engine), tenantRow(), 0
		err := s.Tx(t.Context(), func(tx store.Tx) error {
			attempts++
			return errors.Join(tx.InsertTenant(t.Context(), row), errRefused)
		})
		if !errors.Is(err, errRefused) || attempts != 1 {
			t.Errorf("error is %v after %d attempts; want the closure's error after one", err, attempts)
		}
		mustBeRolledBack(t, s, row)
	})
}

func TestTxRollsBackOnViolation(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s, row, twin := storetest.New(t, engine), tenantRow(), tenantRow()
		twin.Code = row.Code
		err := s.Tx(t.Context(), func(tx store.Tx) error {
			if err := tx.InsertTenant(t.Context(), row); err != nil {
				return err
			}
			return tx.InsertTenant(t.Context(), twin)
		})
		if !store.Violates(err, "tenants_code_key") {
			t.Errorf("error is %v; want violation of tenants_code_key", err)
		}
		mustBeRolledBack(t, s, row)
	})
}

func TestTxRollsBackOnPanicAndGoesOnPanicking(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s, row := storetest.New(t, engine), tenantRow()
		func() {
			defer func() {
				if r, _ := recover().(error); !errors.Is(r, errRefused) {
					t.Errorf("recovered %v; want the closure's panic value", r)
				}
			}()
			_ = s.Tx(t.Context(), func(tx store.Tx) error {
				if err := tx.InsertTenant(t.Context(), row); err != nil {
					t.Error(err)
				}
				panic(errRefused)
			})
		}()
		mustBeRolledBack(t, s, row)
	})
}

func TestTxRollsBackWhenTheClientGoesAway(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]func(context.Context) error{
		"and the closure says so": context.Context.Err,
		"and the closure doesn't": func(context.Context) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, engine store.Engine) {
				s := storetest.New(t, engine)
				for range 20 { // the rollback may happen before or after the closure returns
					row := tenantRow()
					ctx, cancel := context.WithCancel(t.Context())
					err := s.Tx(ctx, func(tx store.Tx) error {
						err := tx.InsertTenant(ctx, row)
						cancel()
						return errors.Join(err, result(ctx))
					})
					if !errors.Is(err, context.Canceled) {
						t.Errorf("error is %v; want context.Canceled", err)
					}
					mustBeRolledBack(t, s, row)
				}
			})
		})
	}
}

func TestTxReturnsTimeoutAfterItsDeadline(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		expired, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		err := s.Tx(expired, func(store.Tx) error { return nil })
		if !errs.Is(err, errs.Timeout) {
			t.Errorf("Tx: error is %v; want %s", err, errs.Timeout)
		}
		if _, err := s.GetTenant(expired, db.GetTenantParams{}); !errs.Is(err, errs.Timeout) {
			t.Errorf("query: error is %v; want %s", err, errs.Timeout)
		}
		for range 20 {
			row := tenantRow()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			err := s.Tx(ctx, func(tx store.Tx) error {
				err := tx.InsertTenant(ctx, row)
				<-ctx.Done()
				return err
			})
			cancel()
			if !errs.Is(err, errs.Timeout) || errs.From(err).RetryAfter == 0 {
				t.Errorf("Tx that takes too long: error is %v; want %s with RetryAfter", err, errs.Timeout)
			}
			mustBeRolledBack(t, s, row)
		}
	})
}

func TestTxReturnsTimeoutWhileItWaitsForALock(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		s, other := storetest.Open(t, databaseURL), storetest.Open(t, databaseURL)
		if _, err := s.MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		row := tenantRow()
		err := other.Tx(t.Context(), func(tx store.Tx) error {
			if err := tx.InsertTenant(t.Context(), row); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			// The other transaction stays open until this one has returned.
			err := s.Tx(ctx, func(tx store.Tx) error { return tx.InsertTenant(ctx, row) })
			if !errs.Is(err, errs.Timeout) {
				t.Errorf("error is %v; want %s", err, errs.Timeout)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
