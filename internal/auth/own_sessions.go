package auth

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/store"
)

// EndSession ends an active session of the principal's own user. Any other session is
// errs.NotFound.
func (s *Service) EndSession(ctx context.Context, by access.Principal, id uuid.UUID) error {
	now, reason := s.opts.Now(), "ended_by_user"
	missing := errs.New(errs.NotFound, "There is no such session.")
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		before, err := tx.GetSession(ctx, db.GetSessionParams{TenantID: by.HomeTenantID, ID: id})
		if errors.Is(err, store.ErrNotFound) {
			return missing.Because(err)
		}
		if err != nil {
			return err
		}
		if before.UserID != by.UserID || !before.ExpiresAt.After(now) {
			return missing
		}
		after := before
		after.EndedAt, after.EndReason = &now, &reason
		rows, err := tx.EndSession(ctx, db.EndSessionParams{EndedAt: &now, EndReason: &reason, TenantID: by.HomeTenantID, ID: id})
		if err != nil {
			return err
		}
		if rows == 0 {
			return missing
		}
		return s.audit.Write(ctx, tx, by, audit.Entry{
			EntityType: entityType, EntityID: id, EntityLabel: by.Email, Changes: audit.Updated(before, after),
		})
	})
	if err == nil {
		s.Changed(ctx, invalidation.User(by.HomeTenantID, by.UserID))
	}
	return err
}
