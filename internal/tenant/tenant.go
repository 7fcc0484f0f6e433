// Package tenant has the rules of tenants.
package tenant

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

const entityType = "tenant"

// Service has the rules of tenants.
type Service struct {
	store *store.Store
	audit *audit.Log
}

// NewService returns the service on a store.
func NewService(s *store.Store, log *audit.Log) *Service {
	return &Service{store: s, audit: log}
}

// Enter lets a superuser act in a tenant that isn't their own, and returns them as they act there. It is written down in
// both tenants' trails before anything else happens. The error is errs.NotFound if there is no such tenant.
func (s *Service) Enter(ctx context.Context, by access.Principal, tenantID uuid.UUID) (access.Principal, error) {
	there := by
	there.TenantID = tenantID
	err := s.store.Tx(ctx, func(q db.Querier) error {
		tenant, err := q.GetTenant(ctx, db.GetTenantParams{ID: tenantID})
		if errors.Is(err, store.ErrNotFound) {
			return errs.New(errs.NotFound, "There is no such tenant.").Because(err)
		}
		if err != nil {
			return err
		}
		entry := audit.Entry{Action: audit.TenantAccess, EntityType: entityType, EntityID: tenant.ID, EntityLabel: tenant.Name}
		if err := s.audit.Write(ctx, q, by, entry); err != nil {
			return err
		}
		return s.audit.Write(ctx, q, there, entry)
	})
	if err != nil {
		return access.Principal{}, err
	}
	return there, nil
}
