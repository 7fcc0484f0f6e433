package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/store"
)

// Logout ends the current session, all others of the user, or all. Their tokens are worth nothing from the next request on.
func (s *Service) Logout(ctx context.Context, by access.Principal, scope api.LogoutScope) error {
	now, reason := s.opts.Now(), "logout"
	var ending Ending
	err := s.store.Tx(ctx, func(q db.Querier) error {
		var err error
		switch scope {
		case api.LogoutScopeCurrent:
			ending = Ending{Sessions: []uuid.UUID{by.SessionID}}
			ending.Count, err = q.EndSession(ctx, db.EndSessionParams{EndedAt: &now, EndReason: &reason, TenantID: by.HomeTenantID, ID: by.SessionID})
		case api.LogoutScopeOthers:
			ending, err = s.EndSessions(ctx, q, by.HomeTenantID, by.UserID, by.SessionID, reason)
		case api.LogoutScopeAll:
			ending, err = s.EndSessions(ctx, q, by.HomeTenantID, by.UserID, uuid.Nil, reason)
		default:
			return fmt.Errorf("unknown scope %q", scope)
		}
		if err != nil || ending.Count == 0 {
			return err
		}
		return s.audit.Write(ctx, q, by, audit.Entry{
			EntityType: entityType, EntityID: by.SessionID, EntityLabel: by.Email,
			Changes: audit.Changes{
				"scope":          {After: scope},
				"sessions_ended": {After: ending.Count},
			},
		})
	})
	if err == nil {
		s.Announce(ending)
	}
	return err
}

// Self is the logged-in user with what belongs to them.
type Self struct {
	User    db.User
	Tenant  db.Tenant
	Session db.Session
}

// Me returns the user, their own tenant and the session of a principal.
func (s *Service) Me(ctx context.Context, by access.Principal) (Self, error) {
	var self Self
	var err error
	if self.User, err = OwnUser(ctx, s.store, by); err != nil {
		return Self{}, err
	}
	if self.Tenant, err = s.store.GetTenant(ctx, db.GetTenantParams{ID: by.HomeTenantID}); err != nil {
		return Self{}, err
	}
	self.Session, err = s.store.GetSession(ctx, db.GetSessionParams{TenantID: by.HomeTenantID, ID: by.SessionID})
	if errors.Is(err, store.ErrNotFound) {
		err = sessionEnded() // it goes with its user
	}
	return self, err
}
