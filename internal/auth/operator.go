package auth

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/invalidation"
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

// SetPasswordHash sets the password hash of a user's account and ends all sessions of the person,
// as part of a transaction. It is used by operators. The caller must call Changed with the returned
// subjects after the transaction. It returns store.ErrStale if the account has changed since it was
// read.
func (s *Service) SetPasswordHash(ctx context.Context, tx store.Tx, user db.User, hash string) ([]invalidation.Subject, error) {
	account, err := accountOfUser(ctx, tx, user)
	if err != nil {
		return nil, err
	}
	ended, subjects, err := s.setPassword(ctx, tx, account, hash, "password_reset")
	if err != nil {
		return nil, err
	}
	return subjects, s.audit.Write(ctx, tx, access.Principal{TenantID: user.TenantID}, audit.Entry{
		Action: passwordReset, EntityType: userType, EntityID: user.ID, EntityLabel: user.Email,
		Changes: audit.Changes{"sessions_ended": {After: ended}},
	})
}

// setPassword sets an account's password hash, and ends all sessions and deletes the one-time
// tokens of its users, as part of a transaction. It returns how many sessions ended, and the
// subjects to announce. It locks the account's row first, as a log-in does. It returns
// store.ErrStale if the account has changed since it was read.
func (s *Service) setPassword(
	ctx context.Context, tx store.Tx, account db.Account, hash, reason string,
) (int64, []invalidation.Subject, error) {
	changed, err := tx.SetAccountPasswordHash(ctx, db.SetAccountPasswordHashParams{
		PasswordHash: hash, UpdatedAt: s.opts.Now(), ID: account.ID, Version: account.Version,
	})
	if err != nil {
		return 0, nil, err
	}
	if changed == 0 {
		return 0, nil, store.ErrStale
	}
	ended, subjects, err := s.endAccountSessions(ctx, tx, account.ID, uuid.Nil, reason)
	if err != nil {
		return 0, nil, err
	}
	// The counted failures were attempts at the old password.
	return ended, subjects, s.attemptLimiter.forAccount(account.Email, access.RequestFrom(ctx).IP).succeeded(ctx, tx)
}
