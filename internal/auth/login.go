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

// Login is the result of a log-in.
type Login struct {
	Grant       Grant
	User        db.User
	Memberships []Membership // those that can be entered, sorted by tenant id
}

// Login starts a session in a tenant of an account: in the one with the code tenant, or in the one
// used last if tenant is empty. The errors are:
//
// errs.InvalidCredentials for an unknown address, a wrong password, an inactive user or a tenant in
// which the account has no user, all in the same time; errs.TenantSuspended, only after the correct
// password; errs.TooManyAttempts after many wrong passwords, whatever this password is; errs.Busy
// if too many requests are waiting to log in, before anything else is checked.
func (s *Service) Login(ctx context.Context, address, password, tenant string) (Login, error) {
	login, err := s.login(ctx, address, password, tenant)
	s.logins.WithLabelValues(loginOutcome(err)).Inc()
	return login, err
}

func (s *Service) login(ctx context.Context, address, password, tenant string) (login Login, err error) {
	tenantID, finish, err := s.checkLogin(ctx, address, password, tenant)
	if err != nil {
		return Login{}, err
	}
	err = s.within(ctx, tenantID, func() error {
		login, err = finish()
		return err
	})
	return login, err
}

// checkLogin checks a log-in and returns its tenant and the function that completes it. checkLogin
// holds a hashing place. finish runs without one, because its transaction may wait for locks of the
// tenant.
func (s *Service) checkLogin(
	ctx context.Context, address, password, tenant string,
) (tenantID uuid.UUID, finish func() (Login, error), err error) {
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
	account, all, err := s.lookUp(ctx, address)
	if err != nil {
		return uuid.Nil, nil, err
	}
	member := choose(all, tenant)
	holder := db.User{TenantID: member.TenantID, ID: member.UserID, Email: account.Email}
	if holder.ID == uuid.Nil {
		holder = unknownUser(account.Email)
	}
	refuse := func() (uuid.UUID, func() (Login, error), error) {
		return holder.TenantID, func() (Login, error) {
			return Login{}, s.refuseLogin(ctx, attempt, holder, delay)
		}, nil
	}
	found, err := s.match(ctx, account.PasswordHash, password)
	if err != nil {
		return uuid.Nil, nil, err
	}
	if found == noMatch || !member.IsActive || delay.holds() {
		return refuse()
	}
	if delay, err = attempt.allowed(ctx, s.store); err != nil {
		return uuid.Nil, nil, err
	}
	if delay.holds() {
		return uuid.Nil, nil, delay.refusal
	}
	if !mayEnter(member) {
		return holder.TenantID, func() (Login, error) {
			return Login{}, s.refuseSuspendedLogin(ctx, attempt, holder, delay)
		}, nil
	}
	user, err := s.store.GetUser(ctx, db.GetUserParams{TenantID: member.TenantID, ID: member.UserID})
	if errors.Is(err, store.ErrNotFound) {
		return refuse()
	}
	if err != nil {
		return uuid.Nil, nil, err
	}
	hash := account.PasswordHash
	if s.passwords.isOutdated(hash, password, found) {
		if hash, err = s.passwords.Hash(ctx, password); err != nil {
			return uuid.Nil, nil, err
		}
	}
	return user.TenantID, func() (Login, error) {
		grant, user, err := s.startSession(ctx, attempt, account, user, hash)
		return Login{Grant: grant, User: user, Memberships: enterable(all)}, err
	}, nil
}

// lookUp returns the account with an e-mail address and its memberships. An unknown address is an
// account with no id and no password, and costs the same queries.
func (s *Service) lookUp(ctx context.Context, address string) (db.Account, []Membership, error) {
	account, err := AccountByEmail(ctx, s.store, address)
	if errors.Is(err, store.ErrNotFound) {
		account = db.Account{Email: accountOf(address)}
	} else if err != nil {
		return db.Account{}, nil, err
	}
	all, err := s.store.ListMembershipsUnscoped(ctx, db.ListMembershipsUnscopedParams{AccountID: &account.ID})
	return account, all, err
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
// same password. If the password has changed since it was checked, the log-in is refused.
func (s *Service) startSession(ctx context.Context, attempt attempt, account db.Account, user db.User, hash string) (Grant, db.User, error) {
	session := s.newSession(ctx, user)
	done := false
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		var err error
		if done, err = s.enter(ctx, tx, account, hash, session); err != nil || !done {
			return err
		}
		if err := attempt.succeeded(ctx, tx); err != nil {
			return err
		}
		if err := attempt.rememberNetwork(ctx, tx); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, principalOf(user, session), audit.Entry{
			EntityType: entityType, EntityID: session.ID, EntityLabel: user.Email,
		})
	})
	if err == nil && !done {
		err = s.refuseLogin(ctx, attempt, user, accountDelay{})
	}
	if err != nil {
		return Grant{}, db.User{}, err
	}
	user.LastLoginAt = &session.CreatedAt
	grant, err := s.grant(session)
	return grant, user, err
}

// newSession returns a session of a user for the client of the request.
func (s *Service) newSession(ctx context.Context, user db.User) db.Session {
	now := s.opts.Now()
	request := access.RequestFrom(ctx)
	return db.Session{
		TenantID: user.TenantID, ID: s.opts.NewID(), UserID: user.ID, RefreshID: s.opts.NewID(),
		IP: request.IP, UserAgent: request.UserAgent,
		CreatedAt: now, RefreshedAt: now, ExpiresAt: now.Add(s.opts.RefreshTokenTTL), Version: 1,
	}
}

// enter stores a new session of an account, and the password hash, and deletes some sessions that
// have expired, as part of a transaction. It locks the account's row first. It returns false if the
// password has changed since account was read, or the session's user is inactive or gone.
func (s *Service) enter(ctx context.Context, tx store.Tx, account db.Account, hash string, session db.Session) (bool, error) {
	now := session.CreatedAt
	rows, err := tx.RecordAccountLogin(ctx, db.RecordAccountLoginParams{
		LastLoginAt: &now, PasswordHash: hash, ID: account.ID, CheckedHash: account.PasswordHash,
	})
	if err != nil || rows == 0 {
		return false, err
	}
	rows, err = tx.RecordUserLogin(ctx, db.RecordUserLoginParams{
		LastLoginAt: &now, TenantID: session.TenantID, ID: session.UserID, AccountID: &account.ID,
	})
	if err != nil || rows == 0 {
		return false, err
	}
	if err := tx.InsertSession(ctx, db.InsertSessionParams(session)); err != nil {
		return false, err
	}
	return true, deleteExpiredSessions(ctx, tx, session.TenantID, now)
}

// principalOf returns the principal of a new session.
func principalOf(user db.User, session db.Session) access.Principal {
	by := access.Principal{
		UserID: user.ID, SessionID: session.ID, HomeTenantID: user.TenantID, TenantID: user.TenantID,
		Email: user.Email, UserRole: access.Role(user.Role),
	}
	if user.IsSuperuser {
		by.Role = access.Superuser
	}
	return by
}
