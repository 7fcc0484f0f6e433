package audit

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// Denials records requests that were refused before they were executed.
type Denials struct {
	store *store.Store
	log   *Log
}

// NewDenials returns Denials that writes to log.
func NewDenials(s *store.Store, log *Log) *Denials { return &Denials{store: s, log: log} }

// Denied writes an entry to the trail of the principal's tenant. Its action is that of the
// requested operation, or AccessDenied if the operation has none. tenantID is the requested tenant
// that the principal may not access, whether or not it exists; it is zero if the principal's role
// is insufficient.
func (d *Denials) Denied(ctx context.Context, by access.Principal, tenantID uuid.UUID) error {
	entry := Entry{Outcome: Denied, Reason: string(errs.Forbidden)}
	if access.RequestFrom(ctx).Operation.AuditAction == access.NoAuditAction {
		entry.Action = AccessDenied
	}
	if tenantID != uuid.Nil {
		entry.EntityType, entry.EntityID = "tenant", tenantID
	}
	return d.store.Tx(ctx, func(tx store.Tx) error { return d.log.Write(ctx, tx, by, entry) })
}
