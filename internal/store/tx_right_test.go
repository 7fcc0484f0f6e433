package store_test

import (
	"context"
	"testing"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// asTenant returns the context of a request whose principal may act while a tenant is there and
// active.
func asTenant(t *testing.T, s *store.Store, row db.InsertTenantParams) context.Context {
	t.Helper()
	ask := func(ctx context.Context, q db.Querier) error {
		tenant, err := q.GetTenant(ctx, db.GetTenantParams{ID: row.ID})
		if err == nil && tenant.Status != "active" {
			err = errs.New(errs.TenantSuspended, "Suspended.")
		}
		return err
	}
	return access.WithRequest(t.Context(), &access.Request{
		Renew: ask, Confirm: func(ctx context.Context) error { return ask(ctx, s) },
	})
}

func suspend(ctx context.Context, q db.Querier, row db.InsertTenantParams) error {
	rows, err := q.UpdateTenant(ctx, db.UpdateTenantParams{
		Code: row.Code, Name: row.Name, Tier: row.Tier, Status: "suspended", UpdatedAt: row.UpdatedAt, ID: row.ID, Version: row.Version,
	})
	if err == nil && rows == 0 {
		return store.ErrNotFound
	}
	return err
}

func TestTxNeedsTheRight(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		principal := func() (db.InsertTenantParams, context.Context) {
			row := tenantRow()
			if err := s.InsertTenant(t.Context(), row); err != nil {
				t.Fatal(err)
			}
			return row, asTenant(t, s, row)
		}
		t.Run("before it begins", func(t *testing.T) {
			row, ctx := principal()
			if err := suspend(t.Context(), s, row); err != nil {
				t.Fatal(err)
			}
			err := s.Tx(ctx, func(store.Tx) error {
				t.Error("it runs")
				return nil
			})
			if !errs.Is(err, errs.TenantSuspended) {
				t.Errorf("%v, want that the tenant is suspended", err)
			}
		})
		t.Run("before each attempt", func(t *testing.T) {
			attempts, ended := 0, false
			request := &access.Request{Renew: func(context.Context, db.Querier) error {
				if ended {
					return errs.New(errs.SessionEnded, "Ended.")
				}
				return nil
			}}
			err := s.Tx(access.WithRequest(t.Context(), request), func(store.Tx) error {
				attempts++
				ended = true // as by another, who was faster
				return store.ErrStale
			})
			if !errs.Is(err, errs.SessionEnded) || attempts != 1 {
				t.Errorf("%d attempts, %v; want one, and the end of the session", attempts, err)
			}
		})
		t.Run("before the commit", func(t *testing.T) {
			other, ended := tenantRow(), false
			sessionEnded := errs.New(errs.SessionEnded, "Ended.")
			request := access.Request{
				Renew: func(ctx context.Context, q db.Querier) error {
					if !ended {
						return nil
					}
					if _, err := q.GetTenant(ctx, db.GetTenantParams{ID: other.ID}); err != nil {
						t.Errorf("it isn't asked in the transaction: %v", err)
					}
					return sessionEnded
				},
				Confirm: func(context.Context) error { return sessionEnded },
			}
			err := s.Tx(access.WithRequest(t.Context(), &request), func(tx store.Tx) error {
				ended = true // as by another, for whose lock it has waited
				return tx.InsertTenant(t.Context(), other)
			})
			if !errs.Is(err, errs.SessionEnded) {
				t.Errorf("%v, want the end of the session", err)
			}
			mustBeRolledBack(t, s, other)
		})
		t.Run("but for what it ends itself", func(t *testing.T) {
			row, ctx := principal()
			if err := s.Tx(ctx, func(tx store.Tx) error { return suspend(ctx, tx, row) }); err != nil {
				t.Fatal(err)
			}
			if tenant, err := s.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}); err != nil || tenant.Status != "suspended" {
				t.Errorf("status %s, %v; want it to be done", tenant.Status, err)
			}
		})
	})
}
