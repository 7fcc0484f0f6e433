package auth

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// Login starts a session. The errors are:
//
// errs.InvalidCredentials for an unknown address, a wrong password or an inactive user, all in the
// same time; errs.TenantSuspended, only after the correct password; errs.TooManyAttempts after many
// wrong passwords, whatever this password is; errs.Busy if too many requests are waiting to log in,
// before anything else is checked.
func (s *Service) Login(ctx context.Context, address, password string) (Grant, db.User, error) {
	grant, user, err := s.login(ctx, address, password)
	s.logins.WithLabelValues(loginOutcome(err)).Inc()
	return grant, user, err
}

func (s *Service) login(ctx context.Context, address, password string) (grant Grant, user db.User, err error) {
	tenantID, finish, err := s.checkLogin(ctx, address, password)
	if err != nil {
		return Grant{}, db.User{}, err
	}
	err = s.within(ctx, tenantID, func() error {
		grant, user, err = finish()
		return err
	})
	return grant, user, err
}

// checkLogin checks a log-in and returns its tenant and the function that completes it. checkLogin
// holds a hashing place. finish runs without one, because its transaction may wait for locks of the
// tenant.
func (s *Service) checkLogin(
	ctx context.Context, address, password string,
) (tenantID uuid.UUID, finish func() (Grant, db.User, error), err error) {
	ip := access.RequestFrom(ctx).IP
	leave, err := s.passwords.Enter(ctx, partyOf(access.Principal{}, ip))
	if err != nil {
		return uuid.Nil, nil, err
	}
	defer leave()
	attempt := s.attemptLimiter.forAccount(address, ip)
	delay, err := attempt.allowed(ctx, s.store)
	if err != nil {
		return uuid.Nil, nil, err
	}
	refuse := func(user db.User) (uuid.UUID, func() (Grant, db.User, error), error) {
		return user.TenantID, func() (Grant, db.User, error) {
			return Grant{}, db.User{}, s.refuseLogin(ctx, attempt, user, delay)
		}, nil
	}
	user, err := UserByEmail(ctx, s.store, address)
	if errors.Is(err, store.ErrNotFound) {
		user = unknownUser(accountOf(address))
	} else if err != nil {
		return uuid.Nil, nil, err
	}
	found, err := s.match(ctx, user.PasswordHash, password)
	if err != nil {
		return uuid.Nil, nil, err
	}
	if found == noMatch || !user.IsActive || delay.holds() {
		return refuse(user)
	}
	if delay, err = attempt.allowed(ctx, s.store); err != nil {
		return uuid.Nil, nil, err
	}
	if delay.holds() {
		return uuid.Nil, nil, delay.refusal
	}
	tenant, err := s.store.GetTenant(ctx, db.GetTenantParams{ID: user.TenantID})
	if errors.Is(err, store.ErrNotFound) {
		return refuse(unknownUser(user.Email))
	}
	if err != nil {
		return uuid.Nil, nil, err
	}
	if tenant.Status != tenantActive && !user.IsSuperuser {
		return user.TenantID, func() (Grant, db.User, error) {
			return Grant{}, db.User{}, s.refuseSuspendedLogin(ctx, attempt, user, delay)
		}, nil
	}
	hash := user.PasswordHash
	if s.passwords.isOutdated(*hash, password, found) {
		current, err := s.passwords.Hash(ctx, password)
		if err != nil {
			return uuid.Nil, nil, err
		}
		hash = &current
	}
	return user.TenantID, func() (Grant, db.User, error) { return s.startSession(ctx, attempt, user, hash) }, nil
}

// accountOf returns the canonical form of an e-mail address, or "" if the text isn't an address.
// Such a text may be a password, which the audit trail must not store.
func accountOf(address string) string {
	canonical, err := email.Canonical(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	return canonical
}

// unknownUser represents an e-mail address that no user has, or whose user was deleted after it was
// read.
func unknownUser(address string) db.User {
	return db.User{TenantID: access.PlatformTenantID, Email: address}
}

// refuseLogin counts the failure, writes an audit entry and returns the refusal. delay is what
// attempt.allowed returned. The entry about an unknown address goes to the platform's trail, so
// that it costs the same as one about a user.
func (s *Service) refuseLogin(ctx context.Context, attempt attempt, user db.User, delay accountDelay) error {
	refusal := errs.New(errs.InvalidCredentials, "The e-mail address or the password is wrong.")
	if e, ok := errors.AsType[*errs.Error](delay.refusal); ok {
		refusal = e
	}
	entry := verdict{write: true}
	if user.ID == uuid.Nil || delay.holds() {
		entry = s.limitAnonymous(ctx, user.TenantID)
	}
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		if err := attempt.failed(ctx, tx, delay); err != nil {
			return err
		}
		return s.writeRefusal(ctx, tx, user, audit.Failure, refusal.Code, entry)
	})
	if store.BreaksReference(err) && user.TenantID != access.PlatformTenantID {
		return s.refuseLogin(ctx, attempt, unknownUser(user.Email), delay)
	}
	if err != nil {
		return err
	}
	return refusal
}

func (s *Service) refuseSuspendedLogin(ctx context.Context, attempt attempt, user db.User, delay accountDelay) error {
	entry := s.limitAnonymous(ctx, user.TenantID)
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		return s.writeRefusal(ctx, tx, user, audit.Denied, errs.TenantSuspended, entry)
	})
	if store.BreaksReference(err) {
		return s.refuseLogin(ctx, attempt, unknownUser(user.Email), delay)
	}
	if err != nil {
		return err
	}
	return tenantSuspended()
}

// writeRefusal writes an audit entry about a client who isn't logged in, if v.write is set.
func (s *Service) writeRefusal(ctx context.Context, tx store.Tx, user db.User, outcome audit.Outcome, reason errs.Code, v verdict) error {
	if !v.write {
		return nil
	}
	entry := audit.Entry{EntityType: userType, EntityID: user.ID, EntityLabel: user.Email, Outcome: outcome, Reason: string(reason)}
	if v.omitted > 0 {
		entry.Changes = audit.Changes{"entries_omitted": {After: v.omitted}}
	}
	return s.audit.Write(ctx, tx, access.Principal{TenantID: user.TenantID}, entry)
}

// limitAnonymous decides whether another entry about an anonymous client is written to a tenant's
// trail. If not, it increments the metric and logs a warning once per period.
func (s *Service) limitAnonymous(ctx context.Context, tenantID uuid.UUID) verdict {
	v := s.anonymousLimiter.admit(tenantID)
	if v.first && s.opts.Log != nil {
		s.opts.Log.WarnContext(ctx, "too many failed log-ins: until the minute ends, the audit trail omits some of them",
			"tenant_id", tenantID, "entries_per_minute", maxAnonymous)
	}
	if !v.write {
		s.omitted.Inc()
	}
	return v
}

// startSession stores the session and the hash: either the checked one or its replacement for the
// same password. If the user's password has changed since it was checked, the log-in is refused.
func (s *Service) startSession(ctx context.Context, attempt attempt, user db.User, hash *string) (Grant, db.User, error) {
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
	changed := false
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		rows, err := tx.RecordUserLogin(ctx, db.RecordUserLoginParams{
			LastLoginAt: &now, PasswordHash: hash, TenantID: user.TenantID, ID: user.ID, CheckedHash: user.PasswordHash,
		})
		if changed = rows == 0; err != nil || changed {
			return err
		}
		if err := tx.InsertSession(ctx, db.InsertSessionParams(session)); err != nil {
			return err
		}
		if err := deleteExpiredSessions(ctx, tx, user.TenantID, now); err != nil {
			return err
		}
		if err := attempt.succeeded(ctx, tx); err != nil {
			return err
		}
		if err := attempt.rememberNetwork(ctx, tx); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, by, audit.Entry{EntityType: entityType, EntityID: session.ID, EntityLabel: user.Email})
	})
	if err == nil && changed {
		err = s.refuseLogin(ctx, attempt, user, accountDelay{})
	}
	if err != nil {
		return Grant{}, db.User{}, err
	}
	user.LastLoginAt = &now
	grant, err := s.grant(session)
	return grant, user, err
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
