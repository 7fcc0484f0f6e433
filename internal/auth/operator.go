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

// passwordReset is the audit action when a password is set without the current one.
const passwordReset = "auth.password_reset"

// HashNewPassword returns the hash of a new password for the user with an e-mail address. A
// password that breaks the rules is errs.ValidationFailed.
func (s *Service) HashNewPassword(ctx context.Context, wanted, address string) (string, error) {
	if fields := passwords.Check("/password", wanted, address); len(fields) > 0 {
		return "", errs.Invalid(fields...)
	}
	return s.passwords.Hash(ctx, wanted)
}

// SetPasswordHash sets a user's password hash, ends all their sessions and deletes their one-time
// token, as part of a transaction. It is used by operators. The caller must call Changed after the
// transaction. It returns store.ErrStale if the user has changed since it was read.
func (s *Service) SetPasswordHash(ctx context.Context, tx store.Tx, user db.User, hash string) error {
	ended, err := s.setPassword(ctx, tx, user, hash, "password_reset")
	if err != nil {
		return err
	}
	if _, err := tx.DeleteOneTimeTokenOfUser(ctx, db.DeleteOneTimeTokenOfUserParams{TenantID: user.TenantID, UserID: user.ID}); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, access.Principal{TenantID: user.TenantID}, audit.Entry{
		Action: passwordReset, EntityType: userType, EntityID: user.ID, EntityLabel: user.Email,
		Changes: audit.Changes{"sessions_ended": {After: ended}},
	})
}

// setPassword sets a user's password hash and ends all their sessions, as part of a transaction. It
// returns how many sessions ended. It locks the user's row first, as a log-in and a deactivation
// do. It returns store.ErrStale if the user has changed since it was read.
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
	// The counted failures were attempts at the old password.
	return ended, s.attemptLimiter.forAccount(user.Email, access.RequestFrom(ctx).IP).succeeded(ctx, q)
}
