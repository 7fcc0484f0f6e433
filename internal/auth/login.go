package auth

import (
	"context"
	"errors"
	"strings"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// NormalizeEmail returns an e-mail address as it is stored: in lower case, without blanks around it.
func NormalizeEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Login starts a session. A wrong address, a wrong password and an inactive user are the same
// errs.InvalidCredentials in the same time; errs.TenantSuspended comes only after the right password; errs.Busy when
// too many log in at once.
func (s *Service) Login(ctx context.Context, email, password string) (Grant, db.User, error) {
	email = NormalizeEmail(email)
	user, err := s.store.GetUserByEmailUnscoped(ctx, db.GetUserByEmailUnscopedParams{Email: email})
	if errors.Is(err, store.ErrNotFound) {
		user = db.User{TenantID: access.PlatformTenantID, Email: email}
	} else if err != nil {
		return Grant{}, db.User{}, err
	}
	hash := ""
	if user.PasswordHash != nil {
		hash = *user.PasswordHash
	}
	matches, err := s.passwords.Matches(ctx, hash, password)
	if err != nil {
		return Grant{}, db.User{}, err
	}
	if !matches || !user.IsActive {
		refusal := errs.New(errs.InvalidCredentials, "The e-mail address or the password is wrong.")
		return Grant{}, db.User{}, s.refuseLogin(ctx, user, audit.Failure, refusal)
	}
	tenant, err := s.store.GetTenant(ctx, db.GetTenantParams{ID: user.TenantID})
	if err != nil {
		return Grant{}, db.User{}, err
	}
	if tenant.Status != tenantActive && !user.IsSuperuser {
		return Grant{}, db.User{}, s.refuseLogin(ctx, user, audit.Denied, tenantSuspended())
	}
	if s.passwords.IsWeak(hash) {
		if hash, err = s.passwords.Hash(ctx, password); err != nil {
			return Grant{}, db.User{}, err
		}
	}
	return s.startSession(ctx, user, hash)
}

// refuseLogin writes down who was refused and returns the refusal. An address that nobody has goes into the platform's
// trail: so it costs the same as one that somebody has.
func (s *Service) refuseLogin(ctx context.Context, user db.User, outcome audit.Outcome, refusal error) error {
	err := s.audit.Write(ctx, s.store, access.Principal{TenantID: user.TenantID}, audit.Entry{
		EntityType: "user", EntityID: user.ID, EntityLabel: user.Email,
		Outcome: outcome, Reason: string(errs.From(refusal).Code),
	})
	if err != nil {
		return err
	}
	return refusal
}

func (s *Service) startSession(ctx context.Context, user db.User, hash string) (Grant, db.User, error) {
	now := s.opts.Now()
	request := access.RequestFrom(ctx)
	session := db.Session{
		TenantID: user.TenantID, ID: s.opts.NewID(), UserID: user.ID, RefreshID: s.opts.NewID(),
		IP: request.IP, UserAgent: request.UserAgent,
		CreatedAt: now, RefreshedAt: now, ExpiresAt: now.Add(s.opts.RefreshTokenTTL), Version: 1,
	}
	by := access.Principal{
		UserID: user.ID, SessionID: session.ID, HomeTenantID: user.TenantID, TenantID: user.TenantID,
		Email: user.Email, UserRole: access.Role(user.Role),
	}
	if user.IsSuperuser {
		by.Role = access.Superuser
	}
	err := s.store.Tx(ctx, func(q db.Querier) error {
		if err := q.InsertSession(ctx, db.InsertSessionParams(session)); err != nil {
			return err
		}
		if _, err := q.SetUserLastLogin(ctx, db.SetUserLastLoginParams{LastLoginAt: &now, TenantID: user.TenantID, ID: user.ID}); err != nil {
			return err
		}
		if hash != *user.PasswordHash {
			if _, err := q.SetUserPasswordHash(ctx, db.SetUserPasswordHashParams{PasswordHash: &hash, TenantID: user.TenantID, ID: user.ID}); err != nil {
				return err
			}
		}
		return s.audit.Write(ctx, q, by, audit.Entry{EntityType: entityType, EntityID: session.ID, EntityLabel: user.Email})
	})
	if err != nil {
		return Grant{}, db.User{}, err
	}
	user.LastLoginAt = &now
	grant, err := s.grant(session)
	return grant, user, err
}
