package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/store"
)

// AccountByEmail returns the account with an e-mail address, or store.ErrNotFound.
//
// Earlier versions stored addresses as typed, so several accounts may have forms of one address.
// The exact text wins, then the canonical form. Whether former forms are looked up depends only on
// the address, so the response time does not tell whether the account exists.
func AccountByEmail(ctx context.Context, q db.Querier, address string) (db.Account, error) {
	canonical := email.Normalize(address)
	account, err := q.GetAccountByEmail(ctx, db.GetAccountByEmailParams{Email: canonical})
	former := email.FormerForms(address)
	if len(former) == 0 || err != nil && !errors.Is(err, store.ErrNotFound) {
		return account, err
	}
	texts := [4]string{canonical, canonical, canonical, canonical}
	copy(texts[:], former)
	found, formerErr := q.ListAccountsByEmail(ctx, db.ListAccountsByEmailParams{
		Email1: texts[0], Email2: texts[1], Email3: texts[2], Email4: texts[3],
	})
	if formerErr != nil {
		return db.Account{}, formerErr
	}
	if err == nil {
		found = append(found, account)
	}
	for _, form := range append([]string{strings.TrimSpace(address), email.AsTyped(address), canonical}, former...) {
		if i := slices.IndexFunc(found, func(a db.Account) bool { return a.Email == form }); i >= 0 {
			return found[i], nil
		}
	}
	return db.Account{}, store.ErrNotFound
}

// AddAccount creates the account of a user as part of a transaction, and sets the user's AccountID.
// The admins of the user's tenant manage the account. It returns a violation of accounts_email_key
// if another account has the address.
func (s *Service) AddAccount(ctx context.Context, tx store.Tx, u *db.User, hash string) error {
	now := s.opts.Now()
	a := db.Account{
		ID: s.opts.NewID(), Email: u.Email, PasswordHash: hash, ManagedBy: &u.TenantID, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	u.AccountID, u.IsInvited = &a.ID, false
	return tx.InsertAccount(ctx, db.InsertAccountParams(a))
}

// ManagedAccount returns the account of a user, if the admins of the user's tenant manage it. It
// returns errs.NotManaged if only the person may change password and address.
func ManagedAccount(ctx context.Context, q db.Querier, u db.User) (db.Account, error) {
	a, err := accountOfUser(ctx, q, u)
	if err != nil {
		return db.Account{}, err
	}
	if a.ManagedBy == nil || *a.ManagedBy != u.TenantID {
		return db.Account{}, errs.New(errs.NotManaged, "This person works for other organisations, too, so only they may change their password and e-mail address.")
	}
	return a, nil
}

// accountOfUser returns the account of a user. A user without one is errs.SessionEnded: a
// concurrent request has deleted the user.
func accountOfUser(ctx context.Context, q db.Querier, u db.User) (db.Account, error) {
	if u.AccountID == nil {
		return db.Account{}, sessionEnded()
	}
	a, err := q.GetAccount(ctx, db.GetAccountParams{ID: *u.AccountID})
	if errors.Is(err, store.ErrNotFound) {
		return db.Account{}, sessionEnded()
	}
	return a, err
}

// PasswordHashOf returns the password hash of a user's account.
func PasswordHashOf(ctx context.Context, q db.Querier, u db.User) (string, error) {
	a, err := accountOfUser(ctx, q, u)
	return a.PasswordHash, err
}

// UserOf returns the user of an account in a tenant, or store.ErrNotFound.
func UserOf(ctx context.Context, q db.Querier, a db.Account, tenantID uuid.UUID) (db.User, error) {
	all, err := q.ListMembershipsUnscoped(ctx, db.ListMembershipsUnscopedParams{AccountID: &a.ID})
	if err != nil {
		return db.User{}, err
	}
	i := slices.IndexFunc(all, func(m Membership) bool { return m.TenantID == tenantID })
	if i < 0 {
		return db.User{}, store.ErrNotFound
	}
	return q.GetUser(ctx, db.GetUserParams{TenantID: tenantID, ID: all[i].UserID})
}

// ChangeAddress sets the e-mail address of an account and its users, as part of a transaction, and
// ends all sessions of the person but one. uuid.Nil excepts none. The caller must announce the
// subjects after the transaction. It returns a violation of accounts_email_key if another account
// has the address, or store.ErrStale.
func (s *Service) ChangeAddress(ctx context.Context, tx store.Tx, a db.Account, address string, spared uuid.UUID) ([]invalidation.Subject, error) {
	rows, err := tx.SetAccountEmail(ctx, db.SetAccountEmailParams{Email: address, UpdatedAt: s.opts.Now(), ID: a.ID, Version: a.Version})
	if err != nil {
		return nil, err
	}
	if rows == 0 {
		return nil, store.ErrStale
	}
	_, subjects, err := s.endAccountSessions(ctx, tx, a.ID, spared, "address_change")
	return subjects, err
}

// RemoveAccount deletes the account of a deleted user, if it was the account's last one. It is part
// of the transaction that deletes the user.
func RemoveAccount(ctx context.Context, tx store.Tx, u db.User) error {
	if u.AccountID == nil {
		return nil
	}
	_, err := tx.DeleteAccountUnscoped(ctx, db.DeleteAccountUnscopedParams{ID: *u.AccountID})
	if store.BreaksReference(err) {
		return store.ErrStale // a concurrent transaction accepted an invitation
	}
	return err
}

// endAccountSessions ends all sessions of an account's users except one, and deletes the users'
// one-time tokens, in all tenants. uuid.Nil excepts none. It is part of a transaction that has
// changed the account's row. It returns how many sessions ended, and the subjects to announce after
// the transaction.
func (s *Service) endAccountSessions(
	ctx context.Context, tx store.Tx, accountID, spared uuid.UUID, reason string,
) (ended int64, subjects []invalidation.Subject, err error) {
	all, err := tx.ListMembershipsUnscoped(ctx, db.ListMembershipsUnscopedParams{AccountID: &accountID})
	if err != nil {
		return 0, nil, err
	}
	for _, m := range all {
		n, err := s.EndSessions(ctx, tx, m.TenantID, m.UserID, spared, reason)
		if err != nil {
			return 0, nil, err
		}
		if _, err := tx.DeleteOneTimeTokenOfUser(ctx, db.DeleteOneTimeTokenOfUserParams{TenantID: m.TenantID, UserID: m.UserID}); err != nil {
			return 0, nil, err
		}
		ended += n
		subjects = append(subjects, invalidation.User(m.TenantID, m.UserID))
	}
	return ended, subjects, nil
}

// Membership is a user of an account, with the state of the user's tenant.
type Membership = db.ListMembershipsUnscopedRow

// mayEnter reports whether a person may log in to the tenant of a membership.
func mayEnter(m Membership) bool {
	return m.IsActive && (m.TenantStatus == tenantActive || m.IsSuperuser)
}

// choose returns the membership that a log-in enters: in the tenant with this code, or the one used
// last if code is empty. Memberships that can be entered come before those in suspended tenants,
// and these before inactive ones. It returns the zero value if there is none.
func choose(all []Membership, code string) Membership {
	rank := func(m Membership) int {
		switch {
		case mayEnter(m):
			return 2
		case m.IsActive:
			return 1
		default:
			return 0
		}
	}
	used := func(m Membership) time.Time {
		if m.LastLoginAt == nil {
			return time.Time{}
		}
		return *m.LastLoginAt
	}
	var best Membership
	for _, m := range all {
		if code != "" && m.TenantCode != code {
			continue
		}
		if best.UserID == uuid.Nil || rank(m) > rank(best) || rank(m) == rank(best) && used(m).After(used(best)) {
			best = m
		}
	}
	return best
}

// enterable returns the memberships that can be entered.
func enterable(all []Membership) []Membership {
	return slices.DeleteFunc(slices.Clone(all), func(m Membership) bool { return !mayEnter(m) })
}

// Memberships returns the principal's memberships that can be entered, sorted by tenant id.
func (s *Service) Memberships(ctx context.Context, by access.Principal) ([]Membership, error) {
	own, err := OwnUser(ctx, s.store, by)
	if err != nil {
		return nil, err
	}
	return s.enterableOf(ctx, own)
}

// enterableOf returns the memberships of a user's account that can be entered, sorted by tenant id.
func (s *Service) enterableOf(ctx context.Context, own db.User) ([]Membership, error) {
	all, err := s.store.ListMembershipsUnscoped(ctx, db.ListMembershipsUnscopedParams{AccountID: own.AccountID})
	return enterable(all), err
}

// Switch starts a session in another tenant of the principal. The current session continues. A
// tenant that the principal can't enter is errs.UnknownReference.
//
// A request that ends all sessions of the person also locks the account's row. So it either ends
// the new session, too, or has ended the current one, which is checked again; then the error is
// errs.SessionEnded.
func (s *Service) Switch(ctx context.Context, by access.Principal, tenantID uuid.UUID) (Login, error) {
	missing := errs.New(errs.UnknownReference, "You have no such tenant.").With(errs.Field{
		Pointer: "/tenant_id", Detail: "You have no such tenant.", Code: "unknown_reference",
	})
	own, err := OwnUser(ctx, s.store, by)
	if err != nil {
		return Login{}, err
	}
	account, err := accountOfUser(ctx, s.store, own)
	if err != nil {
		return Login{}, err
	}
	all, err := s.enterableOf(ctx, own)
	if err != nil {
		return Login{}, err
	}
	i := slices.IndexFunc(all, func(m Membership) bool { return m.TenantID == tenantID })
	if i < 0 {
		return Login{}, missing
	}
	user, err := s.store.GetUser(ctx, db.GetUserParams{TenantID: tenantID, ID: all[i].UserID})
	if errors.Is(err, store.ErrNotFound) {
		return Login{}, missing
	}
	if err != nil {
		return Login{}, err
	}
	session := s.newSession(ctx, user)
	done := false
	err = s.store.Tx(ctx, func(tx store.Tx) error {
		var err error
		if done, err = s.enter(ctx, tx, account, account.PasswordHash, session); err != nil || !done {
			return err
		}
		if _, err := s.Confirm(ctx, tx, by); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, principalOf(user, session), audit.Entry{
			EntityType: entityType, EntityID: session.ID, EntityLabel: user.Email,
		})
	})
	if err == nil && !done {
		err = missing
	}
	if err != nil {
		return Login{}, err
	}
	user.LastLoginAt = &session.CreatedAt
	grant, err := s.grant(session)
	return Login{Grant: grant, User: user, Memberships: all}, err
}
