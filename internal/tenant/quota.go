package tenant

import (
	"context"
	"encoding/binary"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// Quota is how many of something a tenant may have.
type Quota struct {
	name      string
	limit     func(db.Tenant) *int64 // nil is no limit
	count     func(ctx context.Context, q db.Querier, tenantID uuid.UUID) (int64, error)
	unlimited *hints // tenants without a limit
}

// The quotas. Inactive users count, or they could never be activated again.
var (
	CompanyQuota = Quota{
		name:  "companies",
		limit: func(t db.Tenant) *int64 { return t.MaxCompanies },
		count: func(ctx context.Context, q db.Querier, tenantID uuid.UUID) (int64, error) {
			return q.CountTenantCompanies(ctx, db.CountTenantCompaniesParams{TenantID: tenantID})
		},
		unlimited: new(hints),
	}
	UserQuota = Quota{
		name:  "users",
		limit: func(t db.Tenant) *int64 { return t.MaxUsers },
		count: func(ctx context.Context, q db.Querier, tenantID uuid.UUID) (int64, error) {
			return q.CountTenantUsers(ctx, db.CountTenantUsersParams{TenantID: tenantID})
		},
		unlimited: new(hints),
	}
)

// Add calls add, which inserts one more row, if the tenant may have one more. q belongs to a transaction that has done nothing
// yet. The error is errs.QuotaExceeded, errs.NotFound if the tenant is gone, or what add returns.
//
// Those who add to a tenant with a limit do so one after the other. Those who add to a tenant without one don't wait for each
// other: the foreign key of the new row keeps the limits as they are until the transaction ends, and so it is enough to look
// at them once the row is there. Who has none is known from the last time.
func (u Quota) Add(ctx context.Context, q db.Querier, tenantID uuid.UUID, add func() error) error {
	if !u.unlimited.has(tenantID) {
		limit, err := u.limitNow(ctx, q, tenantID)
		if err != nil {
			return err
		}
		if limit != nil {
			return u.addWithin(ctx, q, tenantID, add)
		}
	}
	err := u.addUnlimited(ctx, q, tenantID, add)
	if err != nil {
		u.unlimited.remove(tenantID) // another attempt looks first
		return err
	}
	u.unlimited.add(tenantID)
	return nil
}

func (u Quota) addUnlimited(ctx context.Context, q db.Querier, tenantID uuid.UUID, add func() error) error {
	if err := add(); err != nil {
		return err
	}
	limit, err := u.limitNow(ctx, q, tenantID)
	if err == nil && limit != nil {
		return store.ErrStale // it has come since it was last looked at
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

// hints remember tenants, but not for sure: one may be forgotten when another one is added.
type hints [4096]atomic.Uint64

// slot is where a tenant is remembered, and as what: the random half of its id.
func (h *hints) slot(tenantID uuid.UUID) (*atomic.Uint64, uint64) {
	id := binary.BigEndian.Uint64(tenantID[8:])
	return &h[id%uint64(len(h))], id
}

func (h *hints) has(tenantID uuid.UUID) bool {
	slot, id := h.slot(tenantID)
	return slot.Load() == id
}

func (h *hints) add(tenantID uuid.UUID) {
	if slot, id := h.slot(tenantID); slot.Load() != id {
		slot.Store(id)
	}
}

func (h *hints) remove(tenantID uuid.UUID) {
	slot, id := h.slot(tenantID)
	slot.CompareAndSwap(id, 0)
}
