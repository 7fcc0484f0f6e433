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

// asTenant returns the context of a request. Its principal has the permission while the tenant
// exists and is active.
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

func TestTxChecksThePermission(t *testing.T) {
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
				t.Error("Tx runs the function although the tenant is suspended")
				return nil
			})
			if !errs.Is(err, errs.TenantSuspended) {
				t.Errorf("error %v, want that the tenant is suspended", err)
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
				ended = true // as if another transaction had ended the session first
				return store.ErrStale
			})
			if !errs.Is(err, errs.SessionEnded) || attempts != 1 {
				t.Errorf("%d attempts, error %v; want one attempt, and that the session has ended", attempts, err)
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
						t.Errorf("the permission isn't read in the transaction: %v", err)
					}
					return sessionEnded
				},
				Confirm: func(context.Context) error { return sessionEnded },
			}
			err := s.Tx(access.WithRequest(t.Context(), &request), func(tx store.Tx) error {
				ended = true // as if by another transaction, for whose lock this one waited
				return tx.InsertTenant(t.Context(), other)
			})
			if !errs.Is(err, errs.SessionEnded) {
				t.Errorf("error %v, want that the session has ended", err)
			}
			mustBeRolledBack(t, s, other)
		})
		t.Run("but not if the transaction itself ends it", func(t *testing.T) {
			row, ctx := principal()
			if err := s.Tx(ctx, func(tx store.Tx) error { return suspend(ctx, tx, row) }); err != nil {
				t.Fatal(err)
			}
			if tenant, err := s.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}); err != nil || tenant.Status != "suspended" {
				t.Errorf("status %s, error %v; want the change to be committed", tenant.Status, err)
			}
		})
	})
}
