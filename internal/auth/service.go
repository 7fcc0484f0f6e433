// Package auth logs people in and out, and knows who a token belongs to.
package auth

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/store"
)

// The values of columns that this package decides by.
const (
	tenantActive = "active"
	entityType   = "session"
	userType     = "user"
)

// Options are the settings of a Service.
type Options struct {
	SecretKey        []byte // what other keys than those of tokens are derived from
	Keys             *Keys
	AccessTokenTTL   time.Duration
	RefreshTokenTTL  time.Duration
	PasswordResetURL string // the page of the front end that takes one-time tokens; empty if there is none
	Now              func() time.Time
	NewID            func() uuid.UUID
	Channel          *invalidation.Channel // to all other instances; nil: there is none
	Log              *slog.Logger          // nil: none
	// Within calls f while the tenant holds a place for a query; see admission.Shares. nil: f runs at once.
	Within func(ctx context.Context, tenantID uuid.UUID, f func() error) error
}

// Service is everything about log-in and sessions.
type Service struct {
	store      *store.Store
	audit      *audit.Log
	passwords  *Passwords
	tokens     *tokens
	verified   *verified
	remembered *remembered
	guesses    *guesses
	strangers  strangers
	refused    refused
	logins     *prometheus.CounterVec // by outcome
	omitted    prometheus.Counter     // audit entries about strangers that weren't written
	opts       Options
}

// NewService returns the service on a store.
func NewService(s *store.Store, log *audit.Log, passwords *Passwords, opts Options) (*Service, error) {
	g, err := newGuesses(opts.SecretKey, opts.Now)
	if err != nil {
		return nil, err
	}
	return &Service{
		store: s, audit: log, passwords: passwords, tokens: &tokens{keys: opts.Keys, now: opts.Now}, guesses: g, opts: opts,
		strangers: strangers{now: opts.Now}, logins: newLogins(), omitted: newOmitted(),
		verified: newVerified(), remembered: newRemembered(opts.Channel),
	}, nil
}

// Grant is what a log-in or a refresh gives.
type Grant struct {
	AccessToken     string
	RefreshToken    string
	AccessTokenTTL  time.Duration
	RefreshTokenTTL time.Duration
}

// grant makes the tokens of a session. The refresh token follows from the session's row: asked twice, it is the same.
func (s *Service) grant(session db.Session) (Grant, error) {
	now := s.opts.Now()
	base := claims{UserID: session.UserID, TenantID: session.TenantID, SessionID: session.ID}

	forAccess := base
	forAccess.ID, forAccess.IssuedAt, forAccess.ExpiresAt = s.opts.NewID(), now, now.Add(s.opts.AccessTokenTTL)
	forRefresh := base
	forRefresh.ID, forRefresh.IssuedAt, forRefresh.ExpiresAt = session.RefreshID, session.RefreshedAt, session.ExpiresAt

	g := Grant{AccessTokenTTL: s.opts.AccessTokenTTL, RefreshTokenTTL: session.ExpiresAt.Sub(now).Round(time.Second)}
	var err error
	if g.AccessToken, err = s.tokens.sign(accessToken, forAccess); err != nil {
		return Grant{}, err
	}
	if g.RefreshToken, err = s.tokens.sign(refreshToken, forRefresh); err != nil {
		return Grant{}, err
	}
	return g, nil
}

// Authenticate returns who an access token belongs to, by the state of the database at this moment, or of a moment ago if a change
// since then would have been heard of. The error is errs.InvalidToken, errs.TokenExpired, errs.SessionEnded or errs.TenantSuspended, and
// always the database's own word.
func (s *Service) Authenticate(ctx context.Context, token string) (access.Principal, error) {
	c, err := s.verifyAccess(token)
	if err != nil {
		return access.Principal{}, err
	}
	key := sessionKey{c.TenantID, c.SessionID}
	state, question, ok := s.remembered.get(key)
	if ok {
		if p, err := s.admit(c, state); err == nil {
			return p, nil
		}
	}
	var p access.Principal
	err = s.within(ctx, c.TenantID, func() error {
		p, state, err = s.identify(ctx, c)
		return err
	})
	if err == nil {
		s.remembered.put(key, question, state)
	}
	return p, err
}

// Confirm asks the database for the current state of a principal, and returns them in their own tenant. It uses
// no remembered answer. It asks through q, the queries of a transaction, or outside of one if q is nil. The
// error is errs.SessionEnded or errs.TenantSuspended.
func (s *Service) Confirm(ctx context.Context, q db.Querier, by access.Principal) (access.Principal, error) {
	if q == nil {
		q = s.store
	}
	p, _, err := s.principal(ctx, q, claims{UserID: by.UserID, TenantID: by.HomeTenantID, SessionID: by.SessionID})
	return p, err
}

func (s *Service) within(ctx context.Context, tenantID uuid.UUID, f func() error) error {
	if s.opts.Within == nil {
		return f()
	}
	return s.opts.Within(ctx, tenantID, f)
}

// identify is principal for someone who comes in; if their tenant is suspended, that is written down.
func (s *Service) identify(ctx context.Context, c claims) (access.Principal, db.GetSessionStateRow, error) {
	p, state, err := s.principal(ctx, s.store, c)
	if errs.Is(err, errs.TenantSuspended) {
		return access.Principal{}, state, s.refuseSuspended(ctx, p)
	}
	return p, state, err
}

// principal asks whether the session of a verified token may act now. With errs.TenantSuspended it still says whose it is.
func (s *Service) principal(ctx context.Context, q db.Querier, c claims) (access.Principal, db.GetSessionStateRow, error) {
	state, err := q.GetSessionState(ctx, db.GetSessionStateParams{TenantID: c.TenantID, ID: c.SessionID})
	if errors.Is(err, store.ErrNotFound) {
		return access.Principal{}, state, sessionEnded()
	}
	if err != nil {
		return access.Principal{}, state, err
	}
	p, err := s.admit(c, state)
	return p, state, err
}

// admit decides by the state of a session. With errs.TenantSuspended it still says whose it is.
func (s *Service) admit(c claims, state db.GetSessionStateRow) (access.Principal, error) {
	if state.UserID != c.UserID || state.EndedAt != nil || !state.IsActive || !s.opts.Now().Before(state.ExpiresAt) {
		return access.Principal{}, sessionEnded()
	}
	role, err := access.ParseRole(state.Role)
	if err != nil {
		return access.Principal{}, err
	}
	p := access.Principal{
		UserID: c.UserID, SessionID: c.SessionID, HomeTenantID: c.TenantID, TenantID: c.TenantID,
		Email: state.Email, Role: role, UserRole: role,
	}
	if state.IsSuperuser {
		p.Role = access.Superuser
	}
	if state.TenantStatus != tenantActive && !state.IsSuperuser {
		return p, tenantSuspended()
	}
	return p, nil
}

// OwnUser returns the principal's own user. The error is errs.SessionEnded if it has been deleted since they were authenticated.
func OwnUser(ctx context.Context, q db.Querier, by access.Principal) (db.User, error) {
	u, err := q.GetUser(ctx, db.GetUserParams{TenantID: by.HomeTenantID, ID: by.UserID})
	if errors.Is(err, store.ErrNotFound) {
		return db.User{}, sessionEnded()
	}
	return u, err
}

func sessionEnded() error {
	return errs.New(errs.SessionEnded, "This session has ended. Log in again.")
}

func tenantSuspended() error {
	return errs.New(errs.TenantSuspended, "Your organisation's access is suspended. Ask whoever runs this service.")
}
