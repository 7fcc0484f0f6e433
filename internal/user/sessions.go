package user

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/etag"
)

// maxListedSessions is how many sessions of a user are shown.
const maxListedSessions = 100

// Sessions returns the newest sessions of a user that are alive, at most 100. The error is errs.NotFound, or errs.Forbidden
// if the user is a superuser and the principal isn't.
func (s *Service) Sessions(ctx context.Context, by access.Principal, id uuid.UUID) ([]db.Session, error) {
	u, err := find(ctx, s.store, by, id)
	if err != nil {
		return nil, err
	}
	if !mayAdminister(by, u) {
		return nil, s.deny(ctx, by, u)
	}
	return s.store.ListLiveSessionsOfUser(ctx, db.ListLiveSessionsOfUserParams{
		TenantID: u.TenantID, UserID: u.ID, Now: s.now(), Limit: maxListedSessions,
	})
}

// EndSessions ends all sessions of a user. If there are none nothing is written. The error is as of administer.
func (s *Service) EndSessions(ctx context.Context, by access.Principal, id uuid.UUID) error {
	var of db.User
	err := s.administer(ctx, by, id, etag.Condition{}, func(q db.Querier, u db.User) error {
		of = u
		ended, err := s.auth.EndSessions(ctx, q, u.TenantID, u.ID, uuid.Nil, "ended_by_admin")
		if err != nil || ended == 0 {
			return err
		}
		return s.write(ctx, q, by, u, audit.Changes{"sessions_ended": {After: ended}})
	})
	if err == nil {
		s.changed(ctx, of)
	}
	return err
}
