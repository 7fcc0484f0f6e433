package auth

import (
	"context"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/passwords"
)

// ChangePassword gives the principal's user another password; their other sessions and an open one-time token end. Broken rules and a wrong
// current password are errs.ValidationFailed. A wrong one counts as at log-in: after many it is errs.TooManyAttempts. It is errs.Busy when
// too many log in at once.
func (s *Service) ChangePassword(ctx context.Context, by access.Principal, current, wanted string) error {
	fields := passwords.Check("/new_password", wanted, by.Email)
	if passwords.Prepare(wanted) == passwords.Prepare(current) {
		fields = append(fields, errs.Field{Pointer: "/new_password", Detail: "Use another password than the current one.", Code: "unchanged"})
	}
	if len(fields) > 0 {
		return errs.Invalid(fields[0]) // one message for a field
	}
	conclude, err := s.checkChange(ctx, by, current, wanted)
	if err != nil {
		return err
	}
	return s.within(ctx, by.HomeTenantID, conclude)
}

// checkChange decides about a change of a password and returns the transaction that concludes it. It holds a place for hashing. The
// transaction may wait for locks of the tenant, so it runs without that place.
func (s *Service) checkChange(ctx context.Context, by access.Principal, current, wanted string) (conclude func() error, err error) {
	ip := access.RequestFrom(ctx).IP
	leave, err := s.passwords.Enter(ctx, partyOf(by, ip))
	if err != nil {
		return nil, err
	}
	defer leave()
	guess := s.guesses.about(by.Email, ip)
	delay, err := guess.allowed(ctx, s.store)
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
	found, err := s.match(ctx, user.PasswordHash, current)
	if err != nil {
		return nil, err
	}
	if found == noMatch {
		return func() error { return s.refusePassword(ctx, by, guess, delay) }, nil
	}
	if delay, err = guess.allowed(ctx, s.store); err != nil {
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
		if err := access.StillAllowed(ctx); err != nil { // waiting for a hash and computing it take long
			return err
		}
		return s.replacePassword(ctx, by, guess, user, hash)
	}, nil
}

// replacePassword changes the user before the sessions, as a log-in does: if one is under way, it either ends here or finds
// that its password is wrong by now.
func (s *Service) replacePassword(ctx context.Context, by access.Principal, guess guess, user db.User, hash string) error {
	now := s.opts.Now()
	changed := false
	err := s.store.Tx(ctx, func(q db.Querier) error {
		rows, err := q.ReplaceUserPasswordHash(ctx, db.ReplaceUserPasswordHashParams{
			PasswordHash: &hash, UpdatedAt: now, TenantID: user.TenantID, ID: user.ID, CheckedHash: user.PasswordHash,
		})
		if changed = rows == 0; err != nil || changed {
			return err
		}
		ended, err := s.EndSessions(ctx, q, user.TenantID, user.ID, by.SessionID, "password_change")
		if err != nil {
			return err
		}
		if _, err := q.DeleteOneTimeTokenOfUser(ctx, db.DeleteOneTimeTokenOfUserParams{TenantID: user.TenantID, UserID: user.ID}); err != nil {
			return err
		}
		if err := guess.succeeded(ctx, q); err != nil {
			return err
		}
		return s.audit.Write(ctx, q, by, audit.Entry{
			EntityType: userType, EntityID: user.ID, EntityLabel: user.Email,
			Changes: audit.Changes{"sessions_ended": {After: ended}},
		})
	})
	if err == nil && changed {
		return s.refusePassword(ctx, by, guess, accountDelay{})
	}
	if err == nil {
		s.Changed(ctx, invalidation.User(user.TenantID, user.ID))
	}
	return err
}

// refusePassword counts a wrong current password, writes an audit entry and returns the refusal. If the
// principal has lost their right meanwhile, because the user was deleted for instance, it returns that instead
// and counts nothing.
func (s *Service) refusePassword(ctx context.Context, by access.Principal, guess guess, delay accountDelay) error {
	if err := access.StillAllowed(ctx); err != nil {
		return err
	}
	err := s.store.Tx(ctx, func(q db.Querier) error {
		if err := guess.failed(ctx, q, delay); err != nil {
			return err
		}
		return s.audit.Write(ctx, q, by, audit.Entry{
			EntityType: userType, EntityID: by.UserID, EntityLabel: by.Email, Outcome: audit.Failure, Reason: "wrong_password",
		})
	})
	if err != nil {
		return err
	}
	return errs.Invalid(errs.Field{Pointer: "/current_password", Detail: "This is not your current password.", Code: "wrong"})
}
