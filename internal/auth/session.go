package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/store"
)

// Logout ends the current session, all other sessions of the person, or all of them; the last two
// in all tenants. Their tokens are invalid from the next request on.
func (s *Service) Logout(ctx context.Context, by access.Principal, scope api.LogoutScope) error {
	now, reason := s.opts.Now(), "logout"
	var ended int64
	var subjects []invalidation.Subject
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		subjects = []invalidation.Subject{invalidation.User(by.HomeTenantID, by.UserID)}
		var err error
		switch scope {
		case api.LogoutScopeCurrent:
			ended, err = tx.EndSession(ctx, db.EndSessionParams{EndedAt: &now, EndReason: &reason, TenantID: by.HomeTenantID, ID: by.SessionID})
		case api.LogoutScopeOthers:
			ended, subjects, err = s.endOwnSessions(ctx, tx, by, by.SessionID, reason)
		case api.LogoutScopeAll:
			ended, subjects, err = s.endOwnSessions(ctx, tx, by, uuid.Nil, reason)
		default:
			return fmt.Errorf("unknown scope %q", scope)
		}
		if err != nil || ended == 0 {
			return err
		}
		return s.audit.Write(ctx, tx, by, audit.Entry{
			EntityType: entityType, EntityID: by.SessionID, EntityLabel: by.Email,
			Changes: audit.Changes{
				"scope":          {After: scope},
				"sessions_ended": {After: ended},
			},
		})
	})
	if err == nil {
		s.Changed(ctx, subjects...)
	}
	return err
}

// endOwnSessions ends the sessions of the principal's account in all tenants, except one.
func (s *Service) endOwnSessions(
	ctx context.Context, tx store.Tx, by access.Principal, spared uuid.UUID, reason string,
) (int64, []invalidation.Subject, error) {
	own, err := OwnUser(ctx, tx, by)
	if err != nil {
		return 0, nil, err
	}
	if own.AccountID == nil {
		return 0, nil, sessionEnded()
	}
	rows, err := tx.LockAccount(ctx, db.LockAccountParams{UpdatedAt: s.opts.Now(), ID: *own.AccountID})
	if err != nil {
		return 0, nil, err
	}
	if rows == 0 {
		return 0, nil, sessionEnded()
	}
	return s.endAccountSessions(ctx, tx, *own.AccountID, spared, reason)
}

// EndSessions ends all sessions of a user except one, and returns how many. uuid.Nil excepts none.
// It is part of a transaction that has changed the user's row. The caller must call Changed after
// the transaction.
func (s *Service) EndSessions(ctx context.Context, q db.Querier, tenantID, userID, spared uuid.UUID, reason string) (int64, error) {
	now := s.opts.Now()
	if spared == uuid.Nil {
		return q.EndUserSessions(ctx, db.EndUserSessionsParams{EndedAt: &now, EndReason: &reason, TenantID: tenantID, UserID: userID})
	}
	return q.EndOtherSessions(ctx, db.EndOtherSessionsParams{EndedAt: &now, EndReason: &reason, TenantID: tenantID, UserID: userID, ID: spared})
}

// expiredAtOnce is how many expired sessions of a tenant a log-in deletes. It is more than a log-in
// adds, so that the table shrinks.
const expiredAtOnce = 10

// deleteExpiredSessions deletes up to ten expired sessions of a tenant, as part of a transaction.
func deleteExpiredSessions(ctx context.Context, q db.Querier, tenantID uuid.UUID, now time.Time) error {
	expired, err := q.ListExpiredSessions(ctx, db.ListExpiredSessionsParams{TenantID: tenantID, ExpiredUntil: now, Limit: expiredAtOnce})
	if err != nil {
		return err
	}
	for _, id := range expired {
		_, err := q.DeleteExpiredSession(ctx, db.DeleteExpiredSessionParams{TenantID: tenantID, ID: id, ExpiredUntil: now})
		if err != nil {
			return err
		}
	}
	return nil
}

// Changed makes all instances drop their cached state of subjects. It must be called after each
// transaction that ends sessions or takes away access.
func (s *Service) Changed(ctx context.Context, subjects ...invalidation.Subject) {
	for _, subject := range subjects {
		s.opts.Channel.Announce(ctx, subject)
	}
}

// Self is the logged-in user with their tenant and session.
type Self struct {
	User    db.User
	Tenant  db.Tenant
	Session db.Session
}

// Me returns the principal's user, own tenant and session.
func (s *Service) Me(ctx context.Context, by access.Principal) (Self, error) {
	var self Self
	var err error
	if self.User, err = OwnUser(ctx, s.store, by); err != nil {
		return Self{}, err
	}
	self.Tenant, err = s.store.GetTenant(ctx, db.GetTenantParams{ID: by.HomeTenantID})
	if err == nil {
		self.Session, err = s.store.GetSession(ctx, db.GetSessionParams{TenantID: by.HomeTenantID, ID: by.SessionID})
	}
	if errors.Is(err, store.ErrNotFound) {
		err = sessionEnded() // the session or the tenant was deleted
	}
	return self, err
}
