package auth

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/passwords"
	"github.com/tenantry/tenantry/internal/store"
)

// passwordReset is the action of a new password that the user doesn't choose with the current one.
const passwordReset = "auth.password_reset"

// HashNewPassword returns the hash of a new password of the user with an e-mail address. Broken rules are errs.ValidationFailed.
func (s *Service) HashNewPassword(ctx context.Context, wanted, address string) (string, error) {
	if fields := passwords.Check("/password", wanted, address); len(fields) > 0 {
		return "", errs.Invalid(fields...)
	}
	return s.passwords.Hash(ctx, wanted)
}

// SetPasswordHash gives a user another password, ends all their sessions and takes an open one-time token away, as part of a
// transaction, after which comes Changed: for those who run the installation. The error is store.ErrStale if the user isn't as it was read.
func (s *Service) SetPasswordHash(ctx context.Context, q db.Querier, user db.User, hash string) error {
	ended, err := s.setPassword(ctx, q, user, hash, "password_reset")
	if err != nil {
		return err
	}
	if _, err := q.DeleteOneTimeTokenOfUser(ctx, db.DeleteOneTimeTokenOfUserParams{TenantID: user.TenantID, UserID: user.ID}); err != nil {
		return err
	}
	return s.audit.Write(ctx, q, access.Principal{TenantID: user.TenantID}, audit.Entry{
		Action: passwordReset, EntityType: userType, EntityID: user.ID, EntityLabel: user.Email,
		Changes: audit.Changes{"sessions_ended": {After: ended}},
	})
}

// setPassword gives a user another password and ends all their sessions, of which it returns how many there were, as part of a transaction. It changes the user first,
// as a log-in and a deactivation do. The error is store.ErrStale if the user isn't as it was read.
func (s *Service) setPassword(ctx context.Context, q db.Querier, user db.User, hash, reason string) (int64, error) {
	changed, err := q.SetUserPasswordHash(ctx, db.SetUserPasswordHashParams{
		PasswordHash: &hash, UpdatedAt: s.opts.Now(), TenantID: user.TenantID, ID: user.ID, Version: user.Version,
	})
	if err != nil {
		return 0, err
	}
	if changed == 0 {
		return 0, store.ErrStale
	}
	ended, err := s.EndSessions(ctx, q, user.TenantID, user.ID, uuid.Nil, reason)
	if err != nil {
		return 0, err
	}
	// Those were guesses at another password.
	return ended, s.guesses.about(user.Email, access.RequestFrom(ctx).IP).succeeded(ctx, q)
}
