package auth

import (
	"context"
	"errors"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/store"
)

// refreshGrace is how long the direct predecessor of the newest refresh token is still taken, for a client that lost the
// answer and for two browser tabs.
const refreshGrace = 10 * time.Second

// Refresh trades a refresh token for a new pair (RFC 9700, section 4.14.2: rotation). The newest token of the session
// gives a new one. Its direct predecessor gives the same new one for 10 s. Any other has been used before: the session
// ends, and the error is errs.RefreshReused.
func (s *Service) Refresh(ctx context.Context, token string) (Grant, error) {
	c, err := s.tokens.verify(refreshToken, token)
	if err != nil {
		return Grant{}, err
	}
	if _, _, err := s.identify(ctx, c); err != nil {
		return Grant{}, err
	}
	var session db.Session
	var refusal error
	// A reused token is refused and yet changes something, so the refusal isn't the transaction's error.
	err = s.store.Tx(ctx, func(q db.Querier) error {
		session, refusal, err = s.rotate(ctx, q, c)
		return err
	})
	if err == nil && refusal != nil {
		s.Changed(ctx, invalidation.User(c.TenantID, c.UserID)) // the session has ended
		err = refusal
	}
	if err != nil {
		return Grant{}, err
	}
	return s.grant(session)
}

func (s *Service) rotate(ctx context.Context, q db.Querier, c claims) (session db.Session, refusal, err error) {
	by, _, err := s.principal(ctx, q, c)
	if err != nil {
		return db.Session{}, nil, err
	}
	session, err = q.GetSession(ctx, db.GetSessionParams{TenantID: c.TenantID, ID: c.SessionID})
	if errors.Is(err, store.ErrNotFound) {
		return db.Session{}, nil, sessionEnded()
	}
	if err != nil {
		return db.Session{}, nil, err
	}
	now := s.opts.Now()
	if c.ID == session.RefreshID {
		previous := session.RefreshID
		session.PreviousRefreshID, session.RefreshID = &previous, s.opts.NewID()
		session.RefreshedAt, session.ExpiresAt = now, now.Add(s.opts.RefreshTokenTTL)
		rows, err := q.RotateSession(ctx, db.RotateSessionParams{
			RefreshID: session.RefreshID, PreviousRefreshID: session.PreviousRefreshID,
			RefreshedAt: session.RefreshedAt, ExpiresAt: session.ExpiresAt,
			TenantID: session.TenantID, ID: session.ID, Version: session.Version,
		})
		if err == nil && rows == 0 {
			err = store.ErrStale
		}
		return session, nil, err
	}
	direct := session.PreviousRefreshID != nil && c.ID == *session.PreviousRefreshID
	if direct && now.Sub(session.RefreshedAt) <= refreshGrace {
		return session, nil, nil
	}
	reason := string(errs.RefreshReused)
	rows, err := q.EndSession(ctx, db.EndSessionParams{EndedAt: &now, EndReason: &reason, TenantID: session.TenantID, ID: session.ID})
	if err != nil {
		return db.Session{}, nil, err
	}
	if rows == 0 {
		return db.Session{}, nil, store.ErrStale
	}
	err = s.audit.Write(ctx, q, by, audit.Entry{
		EntityType: entityType, EntityID: session.ID, EntityLabel: by.Email, Outcome: audit.Denied, Reason: reason,
	})
	return db.Session{}, errs.New(errs.RefreshReused,
		"This refresh token was used before, so its session has ended. Log in again."), err
}
