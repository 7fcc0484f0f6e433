package auth

import (
	"context"

	"github.com/tenantry/tenantry/internal/store"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/passwords"
)

// ChangePassword sets the password of the principal's account, and ends the person's other sessions
// and deletes their one-time tokens, in all tenants. A new password that breaks the rules and a
// wrong current password are errs.ValidationFailed. A wrong one counts as a failed log-in; after
// many it is errs.TooManyAttempts. Too many concurrent log-ins are errs.Busy.
func (s *Service) ChangePassword(ctx context.Context, by access.Principal, current, wanted string) error {
	fields := passwords.Check("/new_password", wanted, by.Email)
	if passwords.Prepare(wanted) == passwords.Prepare(current) {
		fields = append(fields, errs.Field{Pointer: "/new_password", Detail: "Use another password than the current one.", Code: "unchanged"})
	}
	if len(fields) > 0 {
		return errs.Invalid(fields[0]) // at most one message per field
	}
	finish, err := s.checkChange(ctx, by, current, wanted)
	if err != nil {
		return err
	}
	return s.within(ctx, by.HomeTenantID, finish)
}

// checkChange checks a change of password and returns the function that completes it. checkChange
// holds a hashing place. finish runs without one, because its transaction may wait for locks of the
// tenant.
func (s *Service) checkChange(ctx context.Context, by access.Principal, current, wanted string) (finish func() error, err error) {
	ip := access.RequestFrom(ctx).IP
	leave, err := s.passwords.Enter(ctx, partyOf(by, ip))
	if err != nil {
		return nil, err
	}
	defer leave()
	attempt := s.attemptLimiter.forAccount(by.Email, ip)
	delay, err := attempt.allowed(ctx, s.store)
	if err != nil {
		return nil, err
	}
	if delay.holds() {
		return nil, delay.refusal
	}
	user, err := OwnUser(ctx, s.store, by)
	if err != nil {
		return nil, err
	}
	account, err := accountOfUser(ctx, s.store, user)
	if err != nil {
		return nil, err
	}
	found, err := s.match(ctx, account.PasswordHash, current)
	if err != nil {
		return nil, err
	}
	if found == noMatch {
		return func() error { return s.refusePassword(ctx, by, attempt, delay) }, nil
	}
	if delay, err = attempt.allowed(ctx, s.store); err != nil {
		return nil, err
	}
	if delay.holds() {
		return nil, delay.refusal
	}
	hash, err := s.passwords.Hash(ctx, wanted)
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := access.StillAllowed(ctx); err != nil { // hashing may have taken long
			return err
		}
		return s.replacePassword(ctx, by, attempt, account, hash)
	}, nil
}

// replacePassword updates the account's row before the sessions, in the same order as a log-in. So
// a concurrent log-in either has its session ended here or finds that the password has changed.
func (s *Service) replacePassword(ctx context.Context, by access.Principal, attempt attempt, account db.Account, hash string) error {
	changed := false
	var subjects []invalidation.Subject
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		rows, err := tx.ReplaceAccountPasswordHash(ctx, db.ReplaceAccountPasswordHashParams{
			PasswordHash: hash, UpdatedAt: s.opts.Now(), ID: account.ID, CheckedHash: account.PasswordHash,
		})
		if changed = rows == 0; err != nil || changed {
			return err
		}
		var ended int64
		if ended, subjects, err = s.endAccountSessions(ctx, tx, account.ID, by.SessionID, "password_change"); err != nil {
			return err
		}
		if err := attempt.succeeded(ctx, tx); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, by, audit.Entry{
			EntityType: userType, EntityID: by.UserID, EntityLabel: by.Email,
			Changes: audit.Changes{"sessions_ended": {After: ended}},
		})
	})
	if err == nil && changed {
		return s.refusePassword(ctx, by, attempt, accountDelay{})
	}
	if err == nil {
		s.Changed(ctx, subjects...)
	}
	return err
}

// refusePassword counts a wrong current password, writes an audit entry and returns the refusal. If
// the principal has lost access meanwhile, it returns that error and counts nothing.
func (s *Service) refusePassword(ctx context.Context, by access.Principal, attempt attempt, delay accountDelay) error {
	if err := access.StillAllowed(ctx); err != nil {
		return err
	}
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		if err := attempt.failed(ctx, tx, delay); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, by, audit.Entry{
			EntityType: userType, EntityID: by.UserID, EntityLabel: by.Email, Outcome: audit.Failure, Reason: "wrong_password",
		})
	})
	if err != nil {
		return err
	}
	return errs.Invalid(errs.Field{Pointer: "/current_password", Detail: "This is not your current password.", Code: "wrong"})
}
