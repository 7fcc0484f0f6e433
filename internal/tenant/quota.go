package tenant

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// Quota is how many of something a tenant may have.
type Quota struct {
	name  string
	limit func(db.Tenant) *int64 // nil is no limit
	count func(ctx context.Context, q db.Querier, tenantID uuid.UUID) (int64, error)
}

// The quotas. Inactive users count, or they could never be activated again.
var (
	CompanyQuota = Quota{
		name:  "companies",
		limit: func(t db.Tenant) *int64 { return t.MaxCompanies },
		count: func(ctx context.Context, q db.Querier, tenantID uuid.UUID) (int64, error) {
			return q.CountTenantCompanies(ctx, db.CountTenantCompaniesParams{TenantID: tenantID})
		},
	}
	UserQuota = Quota{
		name:  "users",
		limit: func(t db.Tenant) *int64 { return t.MaxUsers },
		count: func(ctx context.Context, q db.Querier, tenantID uuid.UUID) (int64, error) {
			return q.CountTenantUsers(ctx, db.CountTenantUsersParams{TenantID: tenantID})
		},
	}
)

// Add calls add, which inserts one more row, if the tenant may have one more. q belongs to a transaction that has done nothing
// yet. The error is errs.QuotaExceeded, errs.NotFound if the tenant is gone, or what add returns.
//
// Those who add to a tenant with a limit do so one after the other. Those who add to a tenant without one don't wait for each
// other: the foreign key of the new row keeps the limits as they are until the transaction ends, and so it is enough to look
// at them again once the row is there.
func (u Quota) Add(ctx context.Context, q db.Querier, tenantID uuid.UUID, add func() error) error {
	limit, err := u.limitNow(ctx, q, tenantID)
	if err != nil {
		return err
	}
	if limit != nil {
		return u.addWithin(ctx, q, tenantID, add)
	}
	if err := add(); err != nil {
		return err
	}
	limit, err = u.limitNow(ctx, q, tenantID)
	if err == nil && limit != nil {
		return store.ErrStale // it came in between
	}
	return err
}

func (u Quota) addWithin(ctx context.Context, q db.Querier, tenantID uuid.UUID, add func() error) error {
	if _, err := q.LockTenant(ctx, db.LockTenantParams{ID: tenantID}); err != nil {
		return err
	}
	// If the limit went while we waited, the lock keeps another one from coming.
	if err := u.Check(ctx, q, tenantID); err != nil {
		return err
	}
	return add()
}

// Check returns errs.QuotaExceeded if a tenant may not have one more. The transaction has locked the tenant's row, so that this
// stays true until its end.
func (u Quota) Check(ctx context.Context, q db.Querier, tenantID uuid.UUID) error {
	limit, err := u.limitNow(ctx, q, tenantID)
	if err != nil || limit == nil {
		return err
	}
	count, err := u.count(ctx, q, tenantID)
	if err == nil && count >= *limit {
		return errs.Newf(errs.QuotaExceeded, "No more %s: the tenant has %d of them and may have %d.", u.name, count, *limit)
	}
	return err
}

func (u Quota) limitNow(ctx context.Context, q db.Querier, tenantID uuid.UUID) (*int64, error) {
	t, err := q.GetTenant(ctx, db.GetTenantParams{ID: tenantID})
	if err != nil {
		return nil, clientError(err)
	}
	return u.limit(t), nil
}
