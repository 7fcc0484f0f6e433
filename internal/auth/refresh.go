package auth

import (
	"context"
	"errors"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// refreshGrace is how long any client may repeat a refresh, for a lost response and for two
	// browser tabs.
	refreshGrace = 10 * time.Second
	// maxRepeatsInARow bounds how long a thief and the owner of a session can both refresh it; see
	// docs/adr/0018-lost-refreshes.md.
	maxRepeatsInARow = 3
)

// Refresh exchanges a refresh token for a new pair of tokens (rotation: RFC 9700, section 4.14.2).
// The newest refresh token of the session returns a new one. The one before returns the newest one
// again: for 10 s to any client, and for the lifetime of an access token to the client of the last
// refresh. Any other token was used before: the session ends, and the error is errs.RefreshReused.
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
	// The refusal of a reused token is not the transaction's error, because the session's end must
	// be committed.
	err = s.store.Tx(ctx, func(tx store.Tx) error {
		session, refusal, err = s.rotate(ctx, tx, c)
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

func (s *Service) rotate(ctx context.Context, tx store.Tx, c claims) (session db.Session, refusal, err error) {
	by, _, err := s.principal(ctx, tx, c)
	if err != nil {
		return db.Session{}, nil, err
	}
	session, err = tx.GetSession(ctx, db.GetSessionParams{TenantID: c.TenantID, ID: c.SessionID})
	if errors.Is(err, store.ErrNotFound) {
		return db.Session{}, nil, sessionEnded()
	}
	if err != nil {
		return db.Session{}, nil, err
	}
	switch {
	case c.ID == session.RefreshID:
		session, err = s.nextToken(ctx, tx, session)
		return session, nil, err
	case session.PreviousRefreshID == nil || c.ID != *session.PreviousRefreshID:
		refusal, err = s.endReused(ctx, tx, by, session)
		return db.Session{}, refusal, err
	case s.opts.Now().Sub(session.RefreshedAt) <= refreshGrace:
		return session, nil, nil
	}
	repeats := repeatsInARow(session)
	if repeats > maxRepeatsInARow || !s.mayRepeat(ctx, session) {
		refusal, err = s.endReused(ctx, tx, by, session)
		return db.Session{}, refusal, err
	}
	return session, nil, s.recordRepeat(ctx, tx, by, session, repeats)
}

// nextToken gives a session a new refresh token and returns the changed session.
func (s *Service) nextToken(ctx context.Context, q db.Querier, session db.Session) (db.Session, error) {
	now, previous := s.opts.Now(), session.RefreshID
	session.PreviousRefreshID, session.RefreshID = &previous, s.opts.NewID()
	session.RefreshedAt, session.ExpiresAt = now, now.Add(s.opts.RefreshTokenTTL)
	request := access.RequestFrom(ctx)
	session.RefreshedIP, session.RefreshedUserAgent = &request.IP, &request.UserAgent
	rows, err := q.RotateSession(ctx, db.RotateSessionParams{
		RefreshID: session.RefreshID, PreviousRefreshID: session.PreviousRefreshID,
		RefreshedAt: session.RefreshedAt, ExpiresAt: session.ExpiresAt,
		RefreshedIP: session.RefreshedIP, RefreshedUserAgent: session.RefreshedUserAgent,
		TenantID: session.TenantID, ID: session.ID, Version: session.Version,
	})
	if err == nil && rows == 0 {
		err = store.ErrStale
	}
	return session, err
}

// mayRepeat reports whether the client of this request may have the newest token again: within the
// lifetime of an access token, with the user agent and from the network of the last refresh.
func (s *Service) mayRepeat(ctx context.Context, session db.Session) bool {
	ip, userAgent := session.IP, session.UserAgent // earlier versions stored nothing about a refresh
	if session.RefreshedIP != nil && session.RefreshedUserAgent != nil {
		ip, userAgent = *session.RefreshedIP, *session.RefreshedUserAgent
	}
	request := access.RequestFrom(ctx)
	return s.opts.Now().Sub(session.RefreshedAt) <= s.opts.AccessTokenTTL && request.UserAgent == userAgent &&
		knownNetwork(access.Networks(request.IP)) == knownNetwork(access.Networks(ip))
}

// repeatsInARow returns how many successive refresh tokens were repeated, including the newest one.
func repeatsInARow(session db.Session) int64 {
	switch last := session.RepeatedRefreshID; {
	case last == nil:
		return 1
	case *last == session.RefreshID:
		return session.RepeatsInARow
	case session.PreviousRefreshID != nil && *last == *session.PreviousRefreshID:
		return session.RepeatsInARow + 1
	default:
		return 1
	}
}

// recordRepeat records that the newest refresh token is repeated, and writes an audit entry.
func (s *Service) recordRepeat(ctx context.Context, tx store.Tx, by access.Principal, session db.Session, repeats int64) error {
	rows, err := tx.RecordRepeatedRefresh(ctx, db.RecordRepeatedRefreshParams{
		RepeatedRefreshID: &session.RefreshID, RepeatsInARow: repeats,
		TenantID: session.TenantID, ID: session.ID, Version: session.Version,
	})
	if err != nil {
		return err
	}
	if rows == 0 {
		return store.ErrStale
	}
	return s.audit.Write(ctx, tx, by, audit.Entry{
		EntityType: entityType, EntityID: session.ID, EntityLabel: by.Email,
		Changes: audit.Changes{"repeats_in_a_row": {After: repeats}},
	})
}

// endReused ends a session whose old refresh token was used again, writes an audit entry and
// returns the refusal.
func (s *Service) endReused(ctx context.Context, tx store.Tx, by access.Principal, session db.Session) (refusal, err error) {
	now, reason := s.opts.Now(), string(errs.RefreshReused)
	rows, err := tx.EndSession(ctx, db.EndSessionParams{EndedAt: &now, EndReason: &reason, TenantID: session.TenantID, ID: session.ID})
	if err != nil {
		return nil, err
	}
	if rows == 0 {
		return nil, store.ErrStale
	}
	err = s.audit.Write(ctx, tx, by, audit.Entry{
		EntityType: entityType, EntityID: session.ID, EntityLabel: by.Email, Outcome: audit.Denied, Reason: reason,
	})
	return errs.New(errs.RefreshReused, "This refresh token was used before, so its session has ended. Log in again."), err
}
