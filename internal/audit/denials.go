package audit

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// Denials writes down who was refused before anything was tried.
type Denials struct {
	store *store.Store
	log   *Log
}

// NewDenials writes to a log on a store.
func NewDenials(s *store.Store, log *Log) *Denials { return &Denials{store: s, log: log} }

// Denied writes an entry into the trail of the tenant that they belong to: with the action of what they wanted to do, or
// AccessDenied if that changes nothing. tenantID is the tenant that they named and may not enter, whether it exists or not; it
// is zero if their role isn't enough.
func (d *Denials) Denied(ctx context.Context, by access.Principal, tenantID uuid.UUID) error {
	entry := Entry{Outcome: Denied, Reason: string(errs.Forbidden)}
	if access.RequestFrom(ctx).Operation.AuditAction == access.NoAuditAction {
		entry.Action = AccessDenied
	}
	if tenantID != uuid.Nil {
		entry.EntityType, entry.EntityID = "tenant", tenantID
	}
	return d.store.Tx(ctx, func(q db.Querier) error { return d.log.Write(ctx, q, by, entry) })
}
