package store_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// insertCompany inserts a tenant and its company. The company's name is the number 0, which
// increment counts up.
func insertCompany(t *testing.T, s *store.Store) db.Company {
	t.Helper()
	tenant := tenantRow()
	c := db.Company{
		TenantID: tenant.ID, ID: uuid.Must(uuid.NewV7()), Code: "C", Name: "0",
		CreatedAt: tenant.CreatedAt, UpdatedAt: tenant.UpdatedAt, Version: 1,
	}
	if err := errors.Join(s.InsertTenant(t.Context(), tenant), s.InsertCompany(t.Context(), db.InsertCompanyParams(c))); err != nil {
		t.Fatal(err)
	}
	return c
}

// increment adds one to the number in a company's name. It returns ErrStale if the row has changed
// meanwhile.
func increment(ctx context.Context, q db.Querier, key db.GetCompanyParams) error {
	c, err := q.GetCompany(ctx, key)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.Name)
	if err != nil {
		return err
	}
	rows, err := q.UpdateCompany(ctx, db.UpdateCompanyParams{
		Code: c.Code, Name: strconv.Itoa(n + 1), UpdatedAt: c.UpdatedAt, TenantID: c.TenantID, ID: c.ID, Version: c.Version,
	})
	if err == nil && rows == 0 {
		return store.ErrStale
	}
	return err
}

func TestTxRunsAgainWithFreshDataWhenStale(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s, row := storetest.New(t, engine), tenantRow()
		c := insertCompany(t, s)
		key := db.GetCompanyParams{TenantID: c.TenantID, ID: c.ID}
		var attempts int
		var other sync.WaitGroup
		err := s.Tx(t.Context(), func(tx store.Tx) error {
			attempts++
			// This is only possible if the last attempt was rolled back.
			if err := tx.InsertTenant(t.Context(), row); err != nil {
				return err
			}
			now, err := tx.GetCompany(t.Context(), key)
			if err != nil {
				return err
			}
			if attempts == 1 {
				other.Go(func() {
					if err := increment(t.Context(), s, key); err != nil {
						t.Errorf("change by another transaction: %v", err)
					}
				})
			}
			if now.Version == c.Version {
				return store.ErrStale
			}
			return nil
		})
		other.Wait()
		if err != nil || attempts < 2 {
			t.Errorf("error is %v after %d attempts; want success after two or more", err, attempts)
		}
	})
}

func TestTxGivesUpAfterTwelveAttempts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s, row, attempts := storetest.New(t, engine), tenantRow(), 0
		err := s.Tx(t.Context(), func(tx store.Tx) error {
			attempts++
			return errors.Join(tx.InsertTenant(t.Context(), row), store.ErrStale)
		})
		if !errs.Is(err, errs.Unavailable) || errs.From(err).RetryAfter == 0 || !errors.Is(err, store.ErrStale) {
			t.Errorf("error is %v; want %s with RetryAfter, because of ErrStale", err, errs.Unavailable)
		}
		if attempts != 12 {
			t.Errorf("%d attempts, want 12", attempts)
		}
		mustBeRolledBack(t, s, row)
	})
}

func TestTxStopsTryingWhenTheClientGoesAway(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s, attempts := storetest.New(t, engine), 0
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Tx(ctx, func(store.Tx) error {
			if attempts++; attempts == 2 {
				cancel()
			}
			return store.ErrStale
		})
		if !errors.Is(err, context.Canceled) || attempts != 2 {
			t.Errorf("error is %v after %d attempts; want context.Canceled after 2", err, attempts)
		}
	})
}

func TestTxLosesNoUpdate(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		s, other := storetest.Open(t, databaseURL), storetest.Open(t, databaseURL) // like two instances of the program
		if _, err := s.MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := insertCompany(t, s)
		key := db.GetCompanyParams{TenantID: c.TenantID, ID: c.ID}
		const writers, each = 6, 4
		var succeeded atomic.Int64
		var group sync.WaitGroup
		for i := range writers {
			instance := []*store.Store{s, other}[i%2]
			group.Go(func() {
				for range each {
					err := instance.Tx(t.Context(), func(tx store.Tx) error { return increment(t.Context(), tx, key) })
					switch {
					case err == nil:
						succeeded.Add(1)
					case !errs.Is(err, errs.Unavailable): // expected with so many conflicts
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		got, err := s.GetCompany(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		n := succeeded.Load()
		if got.Name != strconv.FormatInt(n, 10) || got.Version != c.Version+n {
			t.Errorf("after %d increments the number is %s and the version %d", n, got.Name, got.Version)
		}
		if n < writers*each*9/10 {
			t.Errorf("only %d of %d increments succeeded", n, writers*each)
		}
	})
}

func TestInstancesWriteAtTheSameTime(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		stores := []*store.Store{storetest.Open(t, databaseURL), storetest.Open(t, databaseURL), storetest.Open(t, databaseURL)}
		if _, err := stores[0].MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		together(stores, func(i int, s *store.Store) {
			for range 30 {
				if err := s.InsertTenant(t.Context(), tenantRow()); err != nil {
					t.Errorf("instance %d: %v", i, err)
				}
			}
		})
	})
}

func TestTxRunsAgainAfterADeadlock(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine == store.SQLite {
			return // only one transaction writes at a time, so there are no deadlocks
		}
		s := storetest.New(t, engine)
		first, second := insertCompany(t, s), insertCompany(t, s)
		// Each transaction holds its first row until the other does too. Then each wants the
		// other's row.
		var both, group sync.WaitGroup
		both.Add(2)
		var attempts atomic.Int64
		touch := func(one, two db.Company) {
			waits := true
			err := s.Tx(t.Context(), func(tx store.Tx) error {
				attempts.Add(1)
				if err := increment(t.Context(), tx, db.GetCompanyParams{TenantID: one.TenantID, ID: one.ID}); err != nil {
					return err
				}
				if waits {
					waits = false
					both.Done()
					both.Wait()
				}
				return increment(t.Context(), tx, db.GetCompanyParams{TenantID: two.TenantID, ID: two.ID})
			})
			if err != nil {
				t.Errorf("deadlocked transaction: %v", err)
			}
		}
		group.Go(func() { touch(first, second) })
		group.Go(func() { touch(second, first) })
		group.Wait()
		if attempts.Load() < 3 {
			t.Errorf("%d attempts: there was no deadlock", attempts.Load())
		}
		for _, c := range []db.Company{first, second} {
			got, err := s.GetCompany(t.Context(), db.GetCompanyParams{TenantID: c.TenantID, ID: c.ID})
			if err != nil || got.Name != "2" {
				t.Errorf("number is %q, error %v; want both increments", got.Name, err)
			}
		}
	})
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		s.Close()
		_, queryErr := s.GetTenant(t.Context(), db.GetTenantParams{})
		for name, err := range map[string]error{
			"query":  queryErr,
			"insert": s.InsertTenant(t.Context(), tenantRow()),
			"ping":   s.Ping(t.Context()),
			"Tx":     s.Tx(t.Context(), func(store.Tx) error { return nil }),
		} {
			if !errs.Is(err, errs.Unavailable) || errs.From(err).RetryAfter != time.Second {
				t.Errorf("%s: error is %v; want %s with RetryAfter", name, err, errs.Unavailable)
			}
		}
	})
}
