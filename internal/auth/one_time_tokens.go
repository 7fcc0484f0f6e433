package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/passwords"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	oneTimeTokenTTL = 72 * time.Hour
	oneTimeTokenLen = 32 // random bytes
)

// OneTimeToken allows its holder to set a user's password once.
type OneTimeToken struct {
	Token     string
	Link      string // to the page that accepts it; empty if none is configured
	ExpiresAt time.Time
}

// IssueOneTimeToken creates a token for a user and replaces an older one, as part of a transaction.
func (s *Service) IssueOneTimeToken(ctx context.Context, q db.Querier, user db.User) (OneTimeToken, error) {
	random := make([]byte, oneTimeTokenLen)
	_, _ = rand.Read(random) // never fails
	now := s.opts.Now()
	t := OneTimeToken{Token: base64.RawURLEncoding.EncodeToString(random), ExpiresAt: now.Add(oneTimeTokenTTL)}
	if s.opts.PasswordResetURL != "" {
		t.Link = s.opts.PasswordResetURL + "#token=" + t.Token // browsers don't send the fragment
	}
	if _, err := q.DeleteOneTimeTokenOfUser(ctx, db.DeleteOneTimeTokenOfUserParams{TenantID: user.TenantID, UserID: user.ID}); err != nil {
		return OneTimeToken{}, err
	}
	err := q.InsertOneTimeToken(ctx, db.InsertOneTimeTokenParams{
		TenantID: user.TenantID, UserID: user.ID, TokenHash: hashOneTimeToken(t.Token), ExpiresAt: t.ExpiresAt, CreatedAt: now,
	})
	if v, ok := errors.AsType[*store.Violation](err); ok && v.Kind == store.Unique {
		return OneTimeToken{}, store.ErrStale // a concurrent transaction inserted one
	}
	return t, err
}

// hashOneTimeToken returns the stored form of a token. Tokens are random enough for a hash without
// salt and stretching, which can be looked up.
func hashOneTimeToken(token string) string {
	hash := sha256.Sum256([]byte(token))
	return hex.EncodeToString(hash[:])
}

// ResetPassword uses a one-time token. The token of an accepted user sets the password of the
// account and ends all sessions of the person. The token of an invited user accepts the invitation:
// wanted becomes the password of a new account, or must be the password of the account that has the
// address already.
//
// Any token that can't be used is errs.InvalidOneTimeToken and counts as a failed attempt of the
// address; after many it is errs.TooManyAttempts. A password that breaks the rules, or isn't that
// of the account, is errs.ValidationFailed, and too many concurrent log-ins are errs.Busy; the
// token stays valid after both.
func (s *Service) ResetPassword(ctx context.Context, token, wanted string) error {
	tenantID, finish, err := s.checkReset(ctx, token, wanted)
	if err != nil {
		return err
	}
	return s.within(ctx, tenantID, finish)
}

// checkReset checks a one-time token and returns its tenant and the function that completes the
// reset. checkReset holds a hashing place. finish runs without one, because its transaction may
// wait for locks of the tenant.
func (s *Service) checkReset(ctx context.Context, token, wanted string) (tenantID uuid.UUID, finish func() error, err error) {
	ip := access.RequestFrom(ctx).IP
	leave, err := s.passwords.Enter(ctx, partyOf(access.Principal{}, ip))
	if err != nil {
		return uuid.Nil, nil, err
	}
	defer leave()
	attempt := s.attemptLimiter.fromAddress(ip)
	if _, err := attempt.allowed(ctx, s.store); err != nil {
		return uuid.Nil, nil, err
	}
	tokenHash := hashOneTimeToken(token)
	holder, err := s.store.GetOneTimeTokenUnscoped(ctx, db.GetOneTimeTokenUnscopedParams{TokenHash: tokenHash})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return uuid.Nil, nil, err
	}
	if !s.usable(holder) {
		return holder.TenantID, func() error { return s.refuseReset(ctx, attempt, holder) }, nil
	}
	if holder.IsInvited {
		account, err := AccountByEmail(ctx, s.store, holder.Email)
		if err == nil {
			return s.checkAcceptance(ctx, attempt, tokenHash, holder, account, wanted)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return uuid.Nil, nil, err
		}
	}
	if fields := passwords.Check("/new_password", wanted, holder.Email); len(fields) > 0 {
		return uuid.Nil, nil, errs.Invalid(fields[0]) // at most one message per field
	}
	hash, err := s.passwords.Hash(ctx, wanted)
	if err != nil {
		return uuid.Nil, nil, err
	}
	return holder.TenantID, func() error { return s.reset(ctx, attempt, tokenHash, db.Account{PasswordHash: hash}) }, nil
}

// checkAcceptance checks the password with which the owner of an account accepts an invitation. A
// wrong one counts as a failed log-in, and the tenant that invited gets an audit entry about it.
func (s *Service) checkAcceptance(
	ctx context.Context, token attempt, tokenHash string, holder db.GetOneTimeTokenUnscopedRow, account db.Account, password string,
) (tenantID uuid.UUID, finish func() error, err error) {
	attempt := s.attemptLimiter.forAccount(account.Email, access.RequestFrom(ctx).IP)
	delay, err := attempt.allowed(ctx, s.store)
	if err != nil {
		return uuid.Nil, nil, err
	}
	if delay.holds() {
		return uuid.Nil, nil, delay.refusal
	}
	found, err := s.match(ctx, account.PasswordHash, password)
	if err != nil {
		return uuid.Nil, nil, err
	}
	if found != noMatch {
		return holder.TenantID, func() error { return s.reset(ctx, token, tokenHash, account) }, nil
	}
	wrong := errs.Invalid(errs.Field{
		Pointer: "/new_password", Detail: "There is an account with your e-mail address already. Use its password.", Code: "wrong",
	})
	return holder.TenantID, func() error {
		entry := s.limitAnonymous(ctx, holder.TenantID)
		err := s.store.Tx(ctx, func(tx store.Tx) error {
			if err := attempt.failed(ctx, tx, delay); err != nil {
				return err
			}
			return s.writeRefusal(ctx, tx, userOf(holder), audit.Failure, errs.InvalidCredentials, entry)
		})
		if err != nil {
			return err
		}
		return wrong
	}, nil
}

// reset uses up the token: it sets the password of the user's account to that of proof, or accepts
// the invitation with proof, which is a new account if it has no id. If the token can no longer be
// used, it counts a failed attempt.
func (s *Service) reset(ctx context.Context, attempt attempt, tokenHash string, proof db.Account) error {
	var holder db.GetOneTimeTokenUnscopedRow
	var subjects []invalidation.Subject
	worked := false
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		var err error
		holder, err = tx.GetOneTimeTokenUnscoped(ctx, db.GetOneTimeTokenUnscopedParams{TokenHash: tokenHash})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if worked = s.usable(holder); !worked {
			return nil
		}
		if holder.IsInvited {
			subjects = []invalidation.Subject{invalidation.User(holder.TenantID, holder.UserID)}
			return s.accept(ctx, tx, tokenHash, holder, proof)
		}
		account, err := ManagedAccount(ctx, tx, userOf(holder))
		if worked = !errs.Is(err, errs.NotManaged) && !errs.Is(err, errs.SessionEnded); !worked {
			return nil
		}
		if err != nil {
			return err
		}
		if err := useToken(ctx, tx, tokenHash, holder); err != nil {
			return err
		}
		ended, ends, err := s.setPassword(ctx, tx, account, proof.PasswordHash, "password_reset")
		if err != nil {
			return err
		}
		subjects = ends
		return s.audit.Write(ctx, tx, access.Principal{TenantID: holder.TenantID}, audit.Entry{
			EntityType: userType, EntityID: holder.UserID, EntityLabel: holder.Email, Changes: audit.Changes{"sessions_ended": {After: ended}},
		})
	})
	if err == nil && !worked {
		return s.refuseReset(ctx, attempt, holder)
	}
	if err == nil {
		s.Changed(ctx, subjects...)
	}
	return err
}

// useToken deletes a token. It returns store.ErrStale if a concurrent request has used it since it
// was read.
func useToken(ctx context.Context, tx store.Tx, tokenHash string, t db.GetOneTimeTokenUnscopedRow) error {
	used, err := tx.UseOneTimeToken(ctx, db.UseOneTimeTokenParams{TenantID: t.TenantID, UserID: t.UserID, TokenHash: tokenHash})
	if err == nil && used == 0 {
		err = store.ErrStale
	}
	return err
}

// userOf returns the columns of a token's user that the token's row has.
func userOf(t db.GetOneTimeTokenUnscopedRow) db.User {
	return db.User{TenantID: t.TenantID, ID: t.UserID, Email: t.Email, AccountID: t.AccountID, IsInvited: t.IsInvited, Version: t.UserVersion}
}

// accept makes an invited user a membership of an account, and uses up the token. An account with
// no id is created. An account that another tenant manages is released: from then on only the
// person may change its password and address. It returns store.ErrStale if the user, the token or
// the account has changed since it was read.
func (s *Service) accept(ctx context.Context, tx store.Tx, tokenHash string, t db.GetOneTimeTokenUnscopedRow, account db.Account) error {
	user := userOf(t)
	if account.ID == uuid.Nil {
		err := s.AddAccount(ctx, tx, &user, account.PasswordHash)
		if v, ok := errors.AsType[*store.Violation](err); ok && v.Kind == store.Unique {
			return store.ErrStale // a concurrent request has created it
		}
		if err != nil {
			return err
		}
		account.ID, account.ManagedBy = *user.AccountID, &t.TenantID
	}
	if err := useToken(ctx, tx, tokenHash, t); err != nil {
		return err
	}
	accepted, err := tx.AcceptUser(ctx, db.AcceptUserParams{
		AccountID: &account.ID, UpdatedAt: s.opts.Now(), TenantID: t.TenantID, ID: t.UserID, Version: t.UserVersion,
	})
	if store.BreaksReference(err) { // the account was deleted, or has another address
		return store.ErrStale
	}
	if err != nil {
		return err
	}
	if accepted == 0 {
		return store.ErrStale
	}
	if err := s.release(ctx, tx, account, t); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, access.Principal{TenantID: t.TenantID}, audit.Entry{
		EntityType: userType, EntityID: t.UserID, EntityLabel: t.Email,
		Changes: audit.Changes{"is_invited": {Before: true, After: false}},
	})
}

// release gives an account to its owner when a user of a tenant that doesn't manage it is accepted.
// The trails of both tenants say so. It returns store.ErrStale if the account has changed since the
// owner proved the password: an admin of the managing tenant may have set another one.
func (s *Service) release(ctx context.Context, tx store.Tx, account db.Account, t db.GetOneTimeTokenUnscopedRow) error {
	if account.ManagedBy == nil || *account.ManagedBy == t.TenantID {
		return nil
	}
	released, err := tx.ReleaseAccount(ctx, db.ReleaseAccountParams{UpdatedAt: s.opts.Now(), ID: account.ID, Version: account.Version})
	if err != nil {
		return err
	}
	if released == 0 {
		return store.ErrStale
	}
	all, err := tx.ListMembershipsUnscoped(ctx, db.ListMembershipsUnscopedParams{AccountID: &account.ID})
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.TenantID != t.TenantID && m.TenantID != *account.ManagedBy {
			continue
		}
		err := s.audit.Write(ctx, tx, access.Principal{TenantID: m.TenantID}, audit.Entry{
			Action: audit.AccountRelease, EntityType: userType, EntityID: m.UserID, EntityLabel: t.Email,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// usable reports whether a token can be used. The zero row represents an unknown token.
func (s *Service) usable(t db.GetOneTimeTokenUnscopedRow) bool {
	return t.IsActive && (t.TenantStatus == tenantActive || t.IsSuperuser) && s.opts.Now().Before(t.ExpiresAt)
}

// refuseReset counts a token that can't be used, writes an audit entry and returns the refusal. The
// entry about an unknown token goes to the platform's trail.
func (s *Service) refuseReset(ctx context.Context, attempt attempt, t db.GetOneTimeTokenUnscopedRow) error {
	if t == (db.GetOneTimeTokenUnscopedRow{}) {
		t.TenantID = access.PlatformTenantID
	}
	refusal := errs.New(errs.InvalidOneTimeToken, "This link is invalid or has expired. Ask your administrator for another one.")
	entry := s.limitAnonymous(ctx, t.TenantID)
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		if err := attempt.failedToken(ctx, tx, entry.write); err != nil {
			return err
		}
		return s.writeRefusal(ctx, tx, db.User{TenantID: t.TenantID, ID: t.UserID, Email: t.Email}, audit.Failure, refusal.Code, entry)
	})
	if store.BreaksReference(err) && t.TenantID != access.PlatformTenantID {
		// The tenant was deleted after the token was read.
		return s.refuseReset(ctx, attempt, db.GetOneTimeTokenUnscopedRow{})
	}
	if err != nil {
		return err
	}
	return refusal
}
