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

// ResetPassword sets the password of the user of a one-time token and ends all their sessions. Any
// token that can't be used is errs.InvalidOneTimeToken and counts as a failed attempt of the
// address; after many it is errs.TooManyAttempts. A password that breaks the rules is
// errs.ValidationFailed, and too many concurrent log-ins are errs.Busy; the token stays valid after
// both.
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
	if fields := passwords.Check("/new_password", wanted, holder.Email); len(fields) > 0 {
		return uuid.Nil, nil, errs.Invalid(fields[0]) // at most one message per field
	}
	hash, err := s.passwords.Hash(ctx, wanted)
	if err != nil {
		return uuid.Nil, nil, err
	}
	return holder.TenantID, func() error { return s.reset(ctx, attempt, tokenHash, hash) }, nil
}

// reset sets the password and uses up the token. If the token can no longer be used, it counts a
// failed attempt.
func (s *Service) reset(ctx context.Context, attempt attempt, tokenHash, passwordHash string) error {
	var holder db.GetOneTimeTokenUnscopedRow
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
		return s.useToken(ctx, tx, tokenHash, holder, passwordHash)
	})
	if err == nil && !worked {
		return s.refuseReset(ctx, attempt, holder)
	}
	if err == nil {
		s.Changed(ctx, invalidation.User(holder.TenantID, holder.UserID))
	}
	return err
}

// usable reports whether a token can be used. The zero row represents an unknown token.
func (s *Service) usable(t db.GetOneTimeTokenUnscopedRow) bool {
	return t.IsActive && (t.TenantStatus == tenantActive || t.IsSuperuser) && s.opts.Now().Before(t.ExpiresAt)
}

// useToken sets the password and marks the token as used. It returns store.ErrStale if the user or
// the token has changed since it was read.
func (s *Service) useToken(ctx context.Context, tx store.Tx, tokenHash string, t db.GetOneTimeTokenUnscopedRow, passwordHash string) error {
	ended, err := s.setPassword(ctx, tx, db.User{TenantID: t.TenantID, ID: t.UserID, Email: t.Email, Version: t.UserVersion}, passwordHash, "password_reset")
	if err != nil {
		return err
	}
	used, err := tx.UseOneTimeToken(ctx, db.UseOneTimeTokenParams{TenantID: t.TenantID, UserID: t.UserID, TokenHash: tokenHash})
	if err != nil {
		return err
	}
	if used == 0 {
		return store.ErrStale
	}
	return s.audit.Write(ctx, tx, access.Principal{TenantID: t.TenantID}, audit.Entry{
		EntityType: userType, EntityID: t.UserID, EntityLabel: t.Email, Changes: audit.Changes{"sessions_ended": {After: ended}},
	})
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
