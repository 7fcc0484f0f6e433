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

// OneTimeToken lets whoever has it choose a user's password, once.
type OneTimeToken struct {
	Token     string
	Link      string // to the page that takes it; empty if there is none
	ExpiresAt time.Time
}

// IssueOneTimeToken makes a token for a user, in place of an older one, as part of a transaction.
func (s *Service) IssueOneTimeToken(ctx context.Context, q db.Querier, user db.User) (OneTimeToken, error) {
	random := make([]byte, oneTimeTokenLen)
	_, _ = rand.Read(random) // never fails
	now := s.opts.Now()
	t := OneTimeToken{Token: base64.RawURLEncoding.EncodeToString(random), ExpiresAt: now.Add(oneTimeTokenTTL)}
	if s.opts.PasswordResetURL != "" {
		t.Link = s.opts.PasswordResetURL + "#token=" + t.Token // browsers keep to themselves what comes after the #
	}
	if _, err := q.DeleteOneTimeTokenOfUser(ctx, db.DeleteOneTimeTokenOfUserParams{TenantID: user.TenantID, UserID: user.ID}); err != nil {
		return OneTimeToken{}, err
	}
	err := q.InsertOneTimeToken(ctx, db.InsertOneTimeTokenParams{
		TenantID: user.TenantID, UserID: user.ID, TokenHash: hashOneTimeToken(t.Token), ExpiresAt: t.ExpiresAt, CreatedAt: now,
	})
	if v, ok := errors.AsType[*store.Violation](err); ok && v.Kind == store.Unique {
		return OneTimeToken{}, store.ErrStale // another one was made in between
	}
	return t, err
}

// hashOneTimeToken is how a token is kept. It is random enough for a hash without salt and stretching, which finds its row.
func hashOneTimeToken(token string) string {
	hash := sha256.Sum256([]byte(token))
	return hex.EncodeToString(hash[:])
}

// ResetPassword gives the user of a one-time token another password, and ends all their sessions. A token that doesn't work is
// errs.InvalidOneTimeToken, whatever the reason, and counts for the address as a wrong password does: after many it is
// errs.TooManyAttempts. Broken rules are errs.ValidationFailed; the token then still works, as it does after errs.Busy, when too many log in at once.
func (s *Service) ResetPassword(ctx context.Context, token, wanted string) error {
	tenantID, conclude, err := s.checkReset(ctx, token, wanted)
	if err != nil {
		return err
	}
	return s.within(ctx, tenantID, conclude)
}

// checkReset decides about a one-time token and returns the transaction that concludes it, and whose tenant that is about. It holds a
// place for hashing. The transaction may wait for locks of the tenant, so it runs without that place.
func (s *Service) checkReset(ctx context.Context, token, wanted string) (tenantID uuid.UUID, conclude func() error, err error) {
	ip := access.RequestFrom(ctx).IP
	leave, err := s.passwords.Enter(ctx, partyOf(access.Principal{}, ip))
	if err != nil {
		return uuid.Nil, nil, err
	}
	defer leave()
	guess := s.guesses.fromAddress(ip)
	if _, err := guess.allowed(ctx, s.store); err != nil {
		return uuid.Nil, nil, err
	}
	tokenHash := hashOneTimeToken(token)
	holder, err := s.store.GetOneTimeTokenUnscoped(ctx, db.GetOneTimeTokenUnscopedParams{TokenHash: tokenHash})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return uuid.Nil, nil, err
	}
	if !s.works(holder) {
		return holder.TenantID, func() error { return s.refuseReset(ctx, guess, holder) }, nil
	}
	if fields := passwords.Check("/new_password", wanted, holder.Email); len(fields) > 0 {
		return uuid.Nil, nil, errs.Invalid(fields[0]) // one message for a field
	}
	hash, err := s.passwords.Hash(ctx, wanted)
	if err != nil {
		return uuid.Nil, nil, err
	}
	return holder.TenantID, func() error { return s.reset(ctx, guess, tokenHash, hash) }, nil
}

// reset uses a token up, if it still works, and counts it as a wrong one if not.
func (s *Service) reset(ctx context.Context, guess guess, tokenHash, passwordHash string) error {
	var holder db.GetOneTimeTokenUnscopedRow
	worked := false
	err := s.store.Tx(ctx, func(q db.Querier) error {
		var err error
		holder, err = q.GetOneTimeTokenUnscoped(ctx, db.GetOneTimeTokenUnscopedParams{TokenHash: tokenHash})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if worked = s.works(holder); !worked {
			return nil
		}
		return s.useToken(ctx, q, tokenHash, holder, passwordHash)
	})
	if err == nil && !worked {
		return s.refuseReset(ctx, guess, holder)
	}
	if err == nil {
		s.Changed(ctx, invalidation.User(holder.TenantID, holder.UserID))
	}
	return err
}

// works reports whether a token may be used; the zero row is that of an unknown one.
func (s *Service) works(t db.GetOneTimeTokenUnscopedRow) bool {
	return t.IsActive && (t.TenantStatus == tenantActive || t.IsSuperuser) && s.opts.Now().Before(t.ExpiresAt)
}

// useToken uses a token up. The error is store.ErrStale if the user or the token isn't as it was read.
func (s *Service) useToken(ctx context.Context, q db.Querier, tokenHash string, t db.GetOneTimeTokenUnscopedRow, passwordHash string) error {
	ended, err := s.setPassword(ctx, q, db.User{TenantID: t.TenantID, ID: t.UserID, Email: t.Email, Version: t.UserVersion}, passwordHash, "password_reset")
	if err != nil {
		return err
	}
	used, err := q.UseOneTimeToken(ctx, db.UseOneTimeTokenParams{TenantID: t.TenantID, UserID: t.UserID, TokenHash: tokenHash})
	if err != nil {
		return err
	}
	if used == 0 {
		return store.ErrStale
	}
	return s.audit.Write(ctx, q, access.Principal{TenantID: t.TenantID}, audit.Entry{
		EntityType: userType, EntityID: t.UserID, EntityLabel: t.Email, Changes: audit.Changes{"sessions_ended": {After: ended}},
	})
}

// refuseReset counts and writes down a token that doesn't work, and returns the refusal. One that nobody has goes into the
// platform's trail.
func (s *Service) refuseReset(ctx context.Context, guess guess, t db.GetOneTimeTokenUnscopedRow) error {
	if t == (db.GetOneTimeTokenUnscopedRow{}) {
		t.TenantID = access.PlatformTenantID
	}
	refusal := errs.New(errs.InvalidOneTimeToken, "This link is invalid or has expired. Ask your administrator for another one.")
	entry := s.admitStranger(ctx, t.TenantID)
	err := s.store.Tx(ctx, func(q db.Querier) error {
		if err := guess.failedToken(ctx, q, entry.write); err != nil {
			return err
		}
		return s.writeRefusal(ctx, q, db.User{TenantID: t.TenantID, ID: t.UserID, Email: t.Email}, audit.Failure, refusal.Code, entry)
	})
	if store.BreaksReference(err) && t.TenantID != access.PlatformTenantID {
		return s.refuseReset(ctx, guess, db.GetOneTimeTokenUnscopedRow{}) // the tenant has gone since the token was found
	}
	if err != nil {
		return err
	}
	return refusal
}
