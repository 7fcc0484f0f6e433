// Package auth logs users in and out, and authenticates the requests that carry a token.
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

// Column values that this package compares with or writes.
const (
	tenantActive = "active"
	entityType   = "session"
	userType     = "user"
)

// Options are the settings of a Service.
type Options struct {
	SecretKey        []byte // from which all keys are derived, except those of tokens
	Keys             *Keys
	AccessTokenTTL   time.Duration
	RefreshTokenTTL  time.Duration
	PasswordResetURL string // the front-end page that accepts one-time tokens; empty if there is none
	Now              func() time.Time
	NewID            func() uuid.UUID
	Channel          *invalidation.Channel // to the other instances; nil if there is none
	Log              *slog.Logger          // nil disables logging
	// Within calls f while the tenant holds a place for a query; see admission.Shares. If nil, f is
	// called directly.
	Within func(ctx context.Context, tenantID uuid.UUID, f func() error) error
}

// Service implements log-in, sessions, tokens and password changes.
type Service struct {
	store            *store.Store
	audit            *audit.Log
	passwords        *Passwords
	tokens           *tokens
	tokenCache       *tokenCache
	sessionCache     *sessionCache
	attemptLimiter   *attemptLimiter
	anonymousLimiter anonymousLimiter
	refused          refused
	logins           *prometheus.CounterVec // by outcome
	omitted          prometheus.Counter     // audit entries about anonymous clients that weren't written
	opts             Options
}

// NewService returns a service that uses the given store.
func NewService(s *store.Store, log *audit.Log, passwords *Passwords, opts Options) (*Service, error) {
	g, err := newAttemptLimiter(opts.SecretKey, opts.Now)
	if err != nil {
		return nil, err
	}
	return &Service{
		store: s, audit: log, passwords: passwords, tokens: &tokens{keys: opts.Keys, now: opts.Now}, attemptLimiter: g, opts: opts,
		anonymousLimiter: anonymousLimiter{now: opts.Now}, logins: newLogins(), omitted: newOmitted(),
		tokenCache: newTokenCache(), sessionCache: newSessionCache(opts.Channel),
	}, nil
}

// Grant is the result of a log-in or a refresh.
type Grant struct {
	AccessToken     string
	RefreshToken    string
	AccessTokenTTL  time.Duration
	RefreshTokenTTL time.Duration
}

// grant creates the tokens of a session. The refresh token depends only on the session's row: two
// calls return the same one.
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

// Authenticate returns the principal of an access token. It uses the current state of the database,
// or a cached one that no announced change has invalidated. It returns errs.InvalidToken,
// errs.TokenExpired, errs.SessionEnded or errs.TenantSuspended. The last two are never decided from
// the cache.
func (s *Service) Authenticate(ctx context.Context, token string) (access.Principal, error) {
	c, err := s.verifyAccess(token)
	if err != nil {
		return access.Principal{}, err
	}
	key := sessionKey{c.TenantID, c.SessionID}
	state, lookup, ok := s.sessionCache.get(key)
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
		s.sessionCache.put(key, lookup, state)
	}
	return p, err
}

// Confirm reads the current state of a principal from the database and returns the principal in
// their own tenant. It never uses the cache. It queries through q, or outside of a transaction if q
// is nil. It returns errs.SessionEnded or errs.TenantSuspended.
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

// identify is like principal, and also writes an audit entry if the tenant is suspended.
func (s *Service) identify(ctx context.Context, c claims) (access.Principal, db.GetSessionStateRow, error) {
	p, state, err := s.principal(ctx, s.store, c)
	if errs.Is(err, errs.TenantSuspended) {
		return access.Principal{}, state, s.refuseSuspended(ctx, p)
	}
	return p, state, err
}

// principal reads the state of the session of a verified token and returns its principal. With
// errs.TenantSuspended it still returns the principal.
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

// admit checks the state of a session and returns its principal. With errs.TenantSuspended it still
// returns the principal.
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

// OwnUser returns the principal's own user, or errs.SessionEnded if the user was deleted since the
// request was authenticated.
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
