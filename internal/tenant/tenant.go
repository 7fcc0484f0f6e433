// Package tenant has the rules of tenants.
package tenant

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/store"
)

const entityType = "tenant"

// The values of the status column.
const (
	active    = string(api.TenantStatusActive)
	suspended = string(api.TenantStatusSuspended)
	deleting  = string(api.TenantStatusDeleting)
)

// codeKey is the constraint that makes codes unique.
const codeKey = "tenants_code_key"

// Parts is what the service is made of.
type Parts struct {
	Store   *store.Store
	Audit   *audit.Log
	Cursors *paging.Cursors
	Now     func() time.Time
	NewID   func() uuid.UUID
	// OnRefusal is told, after the transaction, which tenant's people can't come in from now on; nil: nobody is.
	OnRefusal func(ctx context.Context, tenantID uuid.UUID)
}

// Service has the rules of tenants.
type Service struct {
	store   *store.Store
	audit   *audit.Log
	cursors *paging.Cursors
	now     func() time.Time
	newID   func() uuid.UUID
	refused func(ctx context.Context, tenantID uuid.UUID)
	batch   int32 // how many rows one transaction of a deletion deletes
}

// NewService returns the service.
func NewService(p Parts) *Service {
	if p.OnRefusal == nil {
		p.OnRefusal = func(context.Context, uuid.UUID) {}
	}
	return &Service{
		store: p.Store, audit: p.Audit, cursors: p.Cursors, now: p.Now, newID: p.NewID, refused: p.OnRefusal, batch: deletionBatch,
	}
}

// Enter lets a superuser act in a tenant that isn't their own, and returns them as they act there. It is written down in
// both tenants' trails before anything else happens. Requests of a session within a minute that only read are one
// entry with their number. The error is errs.NotFound if there is no such tenant, or it is being
// deleted.
func (s *Service) Enter(ctx context.Context, by access.Principal, tenantID uuid.UUID) (access.Principal, error) {
	there := by
	there.TenantID = tenantID
	err := s.store.Tx(ctx, func(q db.Querier) error {
		write := s.audit.Write
		if access.RequestFrom(ctx).Operation.AuditAction == access.NoAuditAction {
			write = s.audit.WriteOnce
			// Of two requests at once the second one sees the entry of the first.
			if _, err := q.LockTenant(ctx, db.LockTenantParams{ID: by.HomeTenantID}); err != nil {
				return err
			}
		}
		t, err := enterable(ctx, q, tenantID)
		if err != nil {
			return err
		}
		entry := audit.Entry{Action: audit.TenantAccess, EntityType: entityType, EntityID: t.ID, EntityLabel: t.Name}
		if err := write(ctx, q, by, entry); err != nil {
			return err
		}
		return write(ctx, q, there, entry)
	})
	if store.BreaksReference(err) {
		err = noSuchTenant().Because(err) // it has gone since we saw it
	}
	if err != nil {
		return access.Principal{}, clientError(err)
	}
	return there, nil
}

// CanEnter returns errs.NotFound if there is no such tenant, or it is being deleted. It asks through q, the
// queries of a transaction, or outside of one if q is nil.
func (s *Service) CanEnter(ctx context.Context, q db.Querier, tenantID uuid.UUID) error {
	if q == nil {
		q = s.store
	}
	_, err := enterable(ctx, q, tenantID)
	return clientError(err)
}

// enterable returns a tenant, or errs.NotFound if it is being deleted.
func enterable(ctx context.Context, q db.Querier, id uuid.UUID) (db.Tenant, error) {
	t, err := q.GetTenant(ctx, db.GetTenantParams{ID: id})
	if err == nil && t.Status == deleting {
		err = noSuchTenant()
	}
	return t, err
}

// Get returns a tenant, or errs.NotFound.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (db.Tenant, error) {
	t, err := s.store.GetTenant(ctx, db.GetTenantParams{ID: id})
	if err != nil {
		return db.Tenant{}, clientError(err)
	}
	return t, nil
}

// Create returns the new tenant; errs.AlreadyExists if its code is taken.
func (s *Service) Create(ctx context.Context, by access.Principal, in api.TenantCreate) (db.Tenant, error) {
	now := s.now()
	t := db.Tenant{ID: s.newID(), Tier: string(api.TenantTierFree), Status: active, CreatedAt: now, UpdatedAt: now, Version: 1}
	apply(&t, api.TenantUpdate{
		Code: &in.Code, Name: &in.Name, Tier: in.Tier, MaxCompanies: in.MaxCompanies, MaxUsers: in.MaxUsers,
		ContactName: in.ContactName, ContactEmail: in.ContactEmail, ContactPhone: in.ContactPhone,
	})
	err := s.store.Tx(ctx, func(q db.Querier) error {
		if err := q.InsertTenant(ctx, db.InsertTenantParams(t)); err != nil {
			return err
		}
		return s.write(ctx, q, by, "tenant.create", t, audit.Created(t))
	})
	if err != nil {
		return db.Tenant{}, clientError(err)
	}
	return t, nil
}

// Update changes the fields that are in the request and returns the tenant as it is then. The error is errs.NotFound,
// errs.StaleVersion if condition doesn't allow its version, errs.AlreadyExists if the new code is taken, or errs.TenantDeleting.
func (s *Service) Update(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, in api.TenantUpdate) (db.Tenant, error) {
	return s.change(ctx, by, "tenant.update", id, condition, func(t *db.Tenant) { apply(t, in) })
}

// Suspend keeps everyone of a tenant out, from their next request on, and returns the tenant as it is then. The error is
// errs.NotFound, errs.StaleVersion, errs.PlatformTenant or errs.TenantDeleting.
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

// Resume lets everyone of a tenant work again, and returns the tenant as it is then. The error is errs.NotFound,
// errs.StaleVersion or errs.TenantDeleting.
func (s *Service) Resume(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (db.Tenant, error) {
	return s.change(ctx, by, "tenant.resume", id, condition, func(t *db.Tenant) { t.Status = active })
}

// change lets f have its way with a tenant, and returns the tenant as it is then. If that makes no difference nothing is
// written.
func (s *Service) change(
	ctx context.Context, by access.Principal, action string, id uuid.UUID, condition etag.Condition, f func(*db.Tenant),
) (db.Tenant, error) {
	var after db.Tenant
	err := s.store.Tx(ctx, func(q db.Querier) error {
		before, err := matching(ctx, q, id, condition)
		if err != nil {
			return err
		}
		if before.Status == deleting {
			return errs.New(errs.TenantDeleting, "The tenant is being deleted. All that can be done with it is to delete the rest.")
		}
		after = before
		f(&after)
		changes := audit.Updated(before, after)
		if len(changes) == 0 {
			return nil
		}
		if err := s.update(ctx, q, &after); err != nil {
			return err
		}
		return s.write(ctx, q, by, action, after, changes)
	})
	if err != nil {
		return db.Tenant{}, clientError(err)
	}
	return after, nil
}

// update changes every column of a tenant to those of t, if it still has t's version, and gives t the next one.
func (s *Service) update(ctx context.Context, q db.Querier, t *db.Tenant) error {
	t.UpdatedAt = s.now()
	rows, err := q.UpdateTenant(ctx, db.UpdateTenantOf(*t))
	if err != nil {
		return err
	}
	if rows == 0 {
		return store.ErrStale
	}
	t.Version++
	return nil
}

// write adds an entry to the platform's trail, and to the tenant's own for its admins.
func (s *Service) write(ctx context.Context, q db.Querier, by access.Principal, action string, t db.Tenant, changes audit.Changes) error {
	entry := audit.Entry{
		Action: action, TenantID: access.PlatformTenantID, EntityType: entityType, EntityID: t.ID, EntityLabel: t.Name, Changes: changes,
	}
	if err := s.audit.Write(ctx, q, by, entry); err != nil || t.ID == access.PlatformTenantID {
		return err
	}
	entry.TenantID = t.ID
	return s.audit.Write(ctx, q, by, entry)
}

// matching returns a tenant whose version condition allows; errs.StaleVersion if it doesn't.
func matching(ctx context.Context, q db.Querier, id uuid.UUID, condition etag.Condition) (db.Tenant, error) {
	t, err := q.GetTenant(ctx, db.GetTenantParams{ID: id})
	if err != nil {
		return db.Tenant{}, err
	}
	if !condition.Allows(etag.Of(t.ID, t.ID, t.Version)) {
		return db.Tenant{}, errs.New(errs.StaleVersion, "The tenant has changed since you read it. Read it again and repeat your change.")
	}
	return t, nil
}

// clientError makes what the store refused into what a client is told.
func clientError(err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return noSuchTenant().Because(err)
	case store.Violates(err, codeKey):
		const taken = "A tenant with this code exists already."
		return errs.New(errs.AlreadyExists, taken).With(errs.Field{Pointer: "/code", Detail: taken, Code: "taken"}).Because(err)
	}
	return err
}

func noSuchTenant() *errs.Error { return errs.New(errs.NotFound, "There is no such tenant.") }
