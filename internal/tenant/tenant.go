// Package tenant implements the rules of tenants.
package tenant

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
)

const entityType = "tenant"

// The values of the status column.
const (
	active    = string(api.TenantStatusActive)
	suspended = string(api.TenantStatusSuspended)
	deleting  = string(api.TenantStatusDeleting)
)

// kind describes the table of tenants. A change is written into the platform's trail, and into the
// tenant's own for its admins.
var kind = records.Kind[db.Tenant]{
	Name: entityType, Words: entityType, Plural: "tenants",
	Keys: []records.Key{{Constraint: "tenants_code_key", Pointer: "/code", Taken: "A tenant with this code exists already."}},
	Columns: func(t *db.Tenant) records.Columns {
		return records.Columns{
			TenantID: &t.ID, ID: &t.ID, CreatedAt: &t.CreatedAt, UpdatedAt: &t.UpdatedAt, Version: &t.Version, Label: t.Name,
		}
	},
	Derive: Derive,
	Get: func(ctx context.Context, q db.Querier, _, id uuid.UUID) (db.Tenant, error) {
		return q.GetTenant(ctx, db.GetTenantParams{ID: id})
	},
	Insert: func(ctx context.Context, q db.Querier, t db.Tenant) error {
		return q.InsertTenant(ctx, db.InsertTenantParams(t))
	},
	Update: func(ctx context.Context, q db.Querier, t db.Tenant) (int64, error) {
		return q.UpdateTenant(ctx, db.UpdateTenantOf(t))
	},
	Trails: func(t db.Tenant) []uuid.UUID {
		if t.ID == access.PlatformTenantID {
			return []uuid.UUID{t.ID}
		}
		return []uuid.UUID{access.PlatformTenantID, t.ID}
	},
}

// Parts are the dependencies of Service.
type Parts struct {
	records.Parts

	// If set, OnRefusal is called after commit with the id of a tenant that lost access.
	OnRefusal func(ctx context.Context, tenantID uuid.UUID)
}

// Service implements the rules of tenants.
type Service struct {
	parts   records.Parts
	store   *store.Store
	audit   *audit.Log
	now     func() time.Time
	refused func(ctx context.Context, tenantID uuid.UUID)
}

// NewService returns the service.
func NewService(p Parts) *Service {
	if p.OnRefusal == nil {
		p.OnRefusal = func(context.Context, uuid.UUID) {}
	}
	return &Service{parts: p.Parts, store: p.Store, audit: p.Audit, now: p.Now, refused: p.OnRefusal}
}

// Enter lets a superuser act in another tenant, and returns the principal for that tenant. It
// writes an entry into the trails of both tenants before anything else happens. Read-only requests
// of a session within a minute share one entry with their number. It returns errs.NotFound if the
// tenant doesn't exist or is being deleted.
func (s *Service) Enter(ctx context.Context, by access.Principal, tenantID uuid.UUID) (access.Principal, error) {
	there := by
	there.TenantID = tenantID
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		write := s.audit.Write
		if access.RequestFrom(ctx).Operation.AuditAction == access.NoAuditAction {
			write = s.audit.WriteOnce
			// The lock makes the second of two concurrent requests see the entry of the first.
			if _, err := tx.LockTenant(ctx, db.LockTenantParams{ID: by.HomeTenantID}); err != nil {
				return err
			}
		}
		t, err := enterable(ctx, tx, tenantID)
		if err != nil {
			return err
		}
		entry := audit.Entry{Action: audit.TenantAccess, EntityType: entityType, EntityID: t.ID, EntityLabel: t.Name}
		if err := write(ctx, tx, by, entry); err != nil {
			return err
		}
		return write(ctx, tx, there, entry)
	})
	if store.BreaksReference(err) {
		err = fmt.Errorf("%w: %w", store.ErrNotFound, err) // it has gone since we saw it
	}
	if err != nil {
		return access.Principal{}, kind.ClientError(err)
	}
	return there, nil
}

// CanEnter returns errs.NotFound if the tenant doesn't exist or is being deleted. It reads through
// q, or outside of a transaction if q is nil.
func (s *Service) CanEnter(ctx context.Context, q db.Querier, tenantID uuid.UUID) error {
	if q == nil {
		q = s.store
	}
	_, err := enterable(ctx, q, tenantID)
	return kind.ClientError(err)
}

// enterable returns a tenant, or store.ErrNotFound if it doesn't exist or is being deleted.
func enterable(ctx context.Context, q db.Querier, id uuid.UUID) (db.Tenant, error) {
	t, err := q.GetTenant(ctx, db.GetTenantParams{ID: id})
	if err == nil && t.Status == deleting {
		err = store.ErrNotFound
	}
	return t, err
}

// Get returns a tenant, or errs.NotFound.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (db.Tenant, error) {
	return kind.Find(ctx, s.store, id, id)
}

// Create returns the new tenant, or errs.AlreadyExists if its code is taken.
func (s *Service) Create(ctx context.Context, by access.Principal, in api.TenantCreate) (db.Tenant, error) {
	now := s.now()
	t := db.Tenant{ID: s.parts.NewID(), Tier: string(api.TenantTierFree), Status: active, CreatedAt: now, UpdatedAt: now, Version: 1}
	apply(&t, api.TenantUpdate{
		Code: &in.Code, Name: &in.Name, Tier: in.Tier, MaxCompanies: in.MaxCompanies, MaxUsers: in.MaxUsers,
		ContactName: in.ContactName, ContactEmail: in.ContactEmail, ContactPhone: in.ContactPhone,
	})
	Derive(&t)
	err := s.store.Tx(ctx, func(tx store.Tx) error { return kind.Add(ctx, s.parts.Change(tx, by), t) })
	if err != nil {
		return db.Tenant{}, kind.ClientError(err)
	}
	return t, nil
}

// Update changes the fields that are in the request and returns the updated tenant. It returns
// errs.NotFound, errs.StaleVersion if condition doesn't allow its version, errs.AlreadyExists if
// the new code is taken, or errs.TenantDeleting.
func (s *Service) Update(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, in api.TenantUpdate) (db.Tenant, error) {
	return s.change(ctx, by, "tenant.update", id, condition, func(t *db.Tenant) { apply(t, in) })
}

// Suspend refuses all requests of the tenant's users from now on, and returns the updated tenant.
// It returns errs.NotFound, errs.StaleVersion, errs.PlatformTenant or errs.TenantDeleting.
func (s *Service) Suspend(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (db.Tenant, error) {
	if id == access.PlatformTenantID {
		return db.Tenant{}, errs.New(errs.PlatformTenant, "The platform can't be suspended: superusers live in it.")
	}
	t, err := s.change(ctx, by, "tenant.suspend", id, condition, func(t *db.Tenant) { t.Status = suspended })
	if err == nil {
		s.refused(ctx, id)
	}
	return t, err
}

// Resume lets the tenant's users work again, and returns the updated tenant. It returns
// errs.NotFound, errs.StaleVersion or errs.TenantDeleting.
func (s *Service) Resume(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (db.Tenant, error) {
	return s.change(ctx, by, "tenant.resume", id, condition, func(t *db.Tenant) { t.Status = active })
}

// change applies f to a tenant, saves it and returns the updated tenant. If nothing differs, it
// writes nothing.
func (s *Service) change(
	ctx context.Context, by access.Principal, action string, id uuid.UUID, condition etag.Condition, f func(*db.Tenant),
) (db.Tenant, error) {
	var after db.Tenant
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		before, err := kind.Matching(ctx, tx, id, id, condition)
		if err != nil {
			return err
		}
		if before.Status == deleting {
			return errs.New(errs.TenantDeleting, "The tenant is being deleted. The only possible operation is to continue the deletion.")
		}
		after = before
		f(&after)
		return kind.Save(ctx, s.parts.Change(tx, by), action, before, &after)
	})
	if err != nil {
		return db.Tenant{}, kind.ClientError(err)
	}
	return after, nil
}
