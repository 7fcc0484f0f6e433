package tenant

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// Quota limits the number of rows that a tenant may have of a kind.
type Quota struct {
	name  string
	limit func(db.Tenant) *int64 // nil: no limit
	count func(ctx context.Context, q db.Querier, tenantID uuid.UUID) (int64, error)
}

// The quotas. Inactive users count, so that they can be activated again.
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

// Add calls add, which inserts one row, unless the tenant has reached its limit. q must belong to a
// transaction that has done nothing yet. It returns errs.QuotaExceeded, errs.NotFound if the tenant
// is gone, or the error of add.
//
// For a tenant with a limit, such transactions run one after the other. For a tenant without a
// limit they don't wait for each other: they read the limit again after the insert. From then on
// the foreign key of the new row prevents others from changing the limit until the transaction
// ends.
func (u Quota) Add(ctx context.Context, q db.Querier, tenantID uuid.UUID, add func() error) error {
	limit, err := u.limitNow(ctx, q, tenantID)
	if err != nil {
		return err
	}
	if limit != nil {
		return u.addWithin(ctx, q, tenantID, add)
	}
	return u.addUnlimited(ctx, q, tenantID, add)
}

func (u Quota) addUnlimited(ctx context.Context, q db.Querier, tenantID uuid.UUID, add func() error) error {
	if err := add(); err != nil {
		return err
	}
	limit, err := u.limitNow(ctx, q, tenantID)
	if err == nil && limit != nil {
		return store.ErrStale // somebody set it after the first read; the transaction starts over
	}
	return err
}

func (u Quota) addWithin(ctx context.Context, q db.Querier, tenantID uuid.UUID, add func() error) error {
	if _, err := q.LockTenant(ctx, db.LockTenantParams{ID: tenantID}); err != nil {
		return err
	}
	// The limit may have been removed while we waited. The lock prevents a new one from being set.
	if err := u.Check(ctx, q, tenantID); err != nil {
		return err
	}
	return add()
}

// Check returns errs.QuotaExceeded if the tenant has reached its limit. The transaction must have
// locked the tenant's row, so that the result stays true until its end.
func (u Quota) Check(ctx context.Context, q db.Querier, tenantID uuid.UUID) error {
	limit, err := u.limitNow(ctx, q, tenantID)
	if err != nil || limit == nil {
		return err
	}
	count, err := u.count(ctx, q, tenantID)
	if err == nil && count >= *limit {
		return errs.Newf(errs.QuotaExceeded, "The tenant can have no more %s: it has %d, and its limit is %d.", u.name, count, *limit)
	}
	return err
}

func (u Quota) limitNow(ctx context.Context, q db.Querier, tenantID uuid.UUID) (*int64, error) {
	t, err := kind.Find(ctx, q, tenantID, tenantID)
	if err != nil {
		return nil, err
	}
	return u.limit(t), nil
}
