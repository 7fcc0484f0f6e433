package user

import (
	"context"

	"github.com/tenantry/tenantry/internal/store"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/paging"
)

// sessionsPerPage is the number of sessions of a page if the client doesn't set one.
const sessionsPerPage = 100

// OwnSessions returns a page of the active sessions of the principal's own user, newest first. It
// returns errs.InvalidCursor if the cursor isn't of this list.
func (s *Service) OwnSessions(ctx context.Context, by access.Principal, in api.ListMySessionsParams) (paging.Page[db.Session], error) {
	return s.sessions(ctx, by.HomeTenantID, by.UserID, in.Cursor, in.Limit)
}

// Sessions returns a page of the active sessions of a user, newest first. It returns errs.NotFound,
// errs.Forbidden if the user is a superuser and the principal isn't, or errs.InvalidCursor.
func (s *Service) Sessions(ctx context.Context, by access.Principal, id uuid.UUID, in api.ListUserSessionsParams) (paging.Page[db.Session], error) {
	u, err := kind.Find(ctx, s.store, by.TenantID, id)
	if err != nil {
		return paging.Page[db.Session]{}, err
	}
	if !mayAdminister(by, u) {
		return paging.Page[db.Session]{}, s.deny(ctx, by, u)
	}
	return s.sessions(ctx, u.TenantID, u.ID, in.Cursor, in.Limit)
}

func (s *Service) sessions(ctx context.Context, tenantID, userID uuid.UUID, cursor *string, limit *int32) (paging.Page[db.Session], error) {
	if limit == nil {
		limit = new(int32(sessionsPerPage))
	}
	filters := db.SessionFilters{TenantID: tenantID, UserID: userID, Now: s.now()}
	return paging.Read(ctx, s.parts.Cursors, s.store, db.SessionList, filters, paging.Request{Cursor: cursor, Limit: limit})
}

// EndSessions ends all sessions of a user. If there are none, it writes nothing. It returns the
// errors of administer.
func (s *Service) EndSessions(ctx context.Context, by access.Principal, id uuid.UUID) error {
	var of db.User
	err := s.administer(ctx, by, id, etag.Condition{}, func(tx store.Tx, u db.User) error {
		of = u
		ended, err := s.auth.EndSessions(ctx, tx, u.TenantID, u.ID, uuid.Nil, "ended_by_admin")
		if err != nil || ended == 0 {
			return err
		}
		return kind.Write(ctx, s.parts.Change(tx, by), "", u, audit.Changes{"sessions_ended": {After: ended}})
	})
	if err == nil {
		s.changed(ctx, of)
	}
	return err
}
