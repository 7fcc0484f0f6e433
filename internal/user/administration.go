package user

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/org"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Create invites a user: it returns the new user, and the token that accepts the invitation. It
// doesn't read accounts, so neither reply nor time tells whether the address has one. It returns
// errs.QuotaExceeded if the tenant has reached its limit of users, errs.UnknownReference if a part
// of the assignment doesn't exist or doesn't fit, or errs.AlreadyExists if a user of the tenant has
// the e-mail address.
func (s *Service) Create(ctx context.Context, by access.Principal, in api.UserCreate) (db.User, auth.OneTimeToken, error) {
	now := s.now()
	u := db.User{TenantID: by.TenantID, ID: s.parts.NewID(), IsInvited: true, IsActive: true, CreatedAt: now, UpdatedAt: now, Version: 1}
	apply(&u, api.UserUpdate{
		Email: &in.Email, FullName: &in.FullName, Phone: in.Phone, Role: &in.Role,
		CompanyID: in.CompanyID, BranchID: in.BranchID, DepartmentID: in.DepartmentID,
	})
	Derive(&u)
	var token auth.OneTimeToken
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		if err := org.LockCompanies(ctx, tx, u); err != nil {
			return err
		}
		if err := lockTenant(ctx, tx, by); err != nil {
			return err
		}
		if err := tenant.UserQuota.Check(ctx, tx, by.TenantID); err != nil {
			return err
		}
		if err := org.CheckAssignment(ctx, tx, db.User{}, u); err != nil {
			return err
		}
		if err := checkAddress(ctx, tx, u, in.Email); err != nil {
			return err
		}
		if err := kind.Add(ctx, s.parts.Change(tx, by), u); err != nil {
			return err
		}
		var err error
		token, err = s.auth.IssueOneTimeToken(ctx, tx, u)
		return err
	})
	if err != nil {
		return db.User{}, auth.OneTimeToken{}, s.writeTaken(ctx, by, db.User{Email: u.Email}, kind.ClientError(err))
	}
	return u, token, nil
}

// Update changes the fields that are in the request and returns the updated user. A changed address
// ends all sessions of the person, except the principal's own. It returns the errors of administer
// and Create, errs.LastAdmin, errs.NotManaged for another address of an account that the tenant
// doesn't manage, or errs.AlreadyExists if another account has the address.
func (s *Service) Update(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, in api.UserUpdate) (db.User, error) {
	var seen, after db.User
	var subjects []invalidation.Subject
	lock := func(q db.Querier) error {
		if !in.CompanyID.IsSpecified() && !in.BranchID.IsSpecified() && !in.DepartmentID.IsSpecified() {
			return nil
		}
		var err error
		if seen, err = kind.Find(ctx, q, by.TenantID, id); err != nil {
			return err
		}
		wanted := seen
		apply(&wanted, in)
		return org.LockCompanies(ctx, q, seen, wanted)
	}
	err := s.administerAfter(ctx, by, id, condition, lock, func(tx store.Tx, before db.User) error {
		if seen.ID == id && seen.Version != before.Version {
			return store.ErrStale // the companies may be others
		}
		after = before
		apply(&after, in)
		if err := org.CheckAssignment(ctx, tx, before, after); err != nil {
			return err
		}
		if err := checkLast(ctx, tx, before, after); err != nil {
			return err
		}
		subjects = nil
		if after.Email != before.Email {
			var err error
			if subjects, err = s.changeAddress(ctx, tx, by, before, after, *in.Email); err != nil {
				return err
			}
		}
		if err := s.save(ctx, tx, by, before, &after); err != nil {
			return err
		}
		if after.Email == before.Email {
			return nil
		}
		// The token may have been sent to the old address, which may be wrong.
		_, err := tx.DeleteOneTimeTokenOfUser(ctx, db.DeleteOneTimeTokenOfUserParams{TenantID: after.TenantID, UserID: after.ID})
		return err
	})
	if err != nil {
		return db.User{}, s.writeTaken(ctx, by, after, err)
	}
	s.changed(ctx, after)
	s.auth.Changed(ctx, subjects...)
	return after, nil
}

// changeAddress sets the address of the user's account, which the user's row must follow. An
// invited user has none.
func (s *Service) changeAddress(
	ctx context.Context, tx store.Tx, by access.Principal, before, after db.User, given string,
) ([]invalidation.Subject, error) {
	if err := checkAddress(ctx, tx, after, given); err != nil || before.IsInvited {
		return nil, err
	}
	account, err := auth.ManagedAccount(ctx, tx, before)
	if err != nil {
		return nil, err
	}
	spared := uuid.Nil
	if by.UserID == before.ID {
		spared = by.SessionID
	}
	return s.auth.ChangeAddress(ctx, tx, account, after.Email, spared)
}

// Deactivate refuses the user's requests and log-ins until Activate. It ends the user's sessions
// and an open one-time token. It doesn't change an inactive user. It returns the errors of
// administer, or errs.LastAdmin.
func (s *Service) Deactivate(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (db.User, error) {
	var after db.User
	err := s.administer(ctx, by, id, condition, func(tx store.Tx, before db.User) error {
		if after = before; !before.IsActive {
			return nil
		}
		after.IsActive = false
		if err := checkLast(ctx, tx, before, after); err != nil {
			return err
		}
		// Write the user first, as a log-in does: a concurrent log-in is then ended here, or finds
		// the user inactive.
		if err := s.save(ctx, tx, by, before, &after); err != nil {
			return err
		}
		if _, err := s.auth.EndSessions(ctx, tx, after.TenantID, after.ID, uuid.Nil, "deactivated"); err != nil {
			return err
		}
		_, err := tx.DeleteOneTimeTokenOfUser(ctx, db.DeleteOneTimeTokenOfUserParams{TenantID: after.TenantID, UserID: after.ID})
		return err
	})
	if err != nil {
		return db.User{}, err
	}
	s.changed(ctx, after)
	return after, nil
}

// Activate lets a user log in again. It doesn't change an active user. It returns the errors of
// administer.
func (s *Service) Activate(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (db.User, error) {
	var after db.User
	err := s.administer(ctx, by, id, condition, func(tx store.Tx, before db.User) error {
		after = before
		after.IsActive = true
		return s.save(ctx, tx, by, before, &after)
	})
	if err != nil {
		return db.User{}, err
	}
	return after, nil
}

// Delete deletes a user. Departments that the user heads have no head then, other references are
// handled as their descriptions say, and the database deletes sessions and token. Each transaction
// changes up to 100 rows, and the last one also deletes the user. It returns the errors of
// administer, errs.LastAdmin, or the error of access.StillAllowed; after an error another call
// continues.
func (s *Service) Delete(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) error {
	for {
		more, err := s.deletePart(ctx, by, id, condition)
		if err != nil || !more {
			return err
		}
		if err := access.StillAllowed(ctx); err != nil {
			return err
		}
	}
}

// deletePart runs one transaction of Delete. It reports whether another one must follow.
func (s *Service) deletePart(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (more bool, err error) {
	var deleted db.User
	dependants := kind.DependantList()
	lock := func(q db.Querier) error { return records.LockDependants(ctx, q, by.TenantID, id, dependants) }
	err = s.administerAfter(ctx, by, id, condition, lock, func(tx store.Tx, u db.User) error {
		deleted = u
		if err := checkLast(ctx, tx, u, db.User{}); err != nil {
			return err
		}
		b := records.NewBatch(s.parts.Change(tx, by))
		done, err := b.Dependants(ctx, dependants, u.ID)
		if more = !done; more || err != nil {
			return err
		}
		if err := kind.Remove(ctx, b.Change, u); err != nil {
			return err
		}
		return auth.RemoveAccount(ctx, tx, u)
	})
	if err == nil && !more {
		s.changed(ctx, deleted)
	}
	return more, err
}

// checkLast returns errs.LastAdmin if a user would cease to be an active admin, or an active
// superuser, and the tenant would have none left who can log in. Superusers are users of the
// platform's tenant.
func checkLast(ctx context.Context, q db.Querier, before, after db.User) error {
	if isActiveAdmin(before) && !isActiveAdmin(after) {
		others, err := countOtherAdmins(ctx, q, before)
		if err != nil {
			return err
		}
		if others == 0 {
			return errs.New(errs.LastAdmin, "This is the last active admin of the tenant who can log in. First make another user an admin who has chosen a password.")
		}
	}
	if isActiveSuperuser(before) && !isActiveSuperuser(after) {
		others, err := q.CountOtherActiveSuperusers(ctx, db.CountOtherActiveSuperusersParams{TenantID: before.TenantID, ID: before.ID})
		if err != nil {
			return err
		}
		if others == 0 {
			return errs.New(errs.LastAdmin, "This is the last active superuser.")
		}
	}
	return nil
}

// countOtherAdmins returns how many other active admins the tenant of an admin has. If this admin
// has a password, only those with a password count, because invited admins without one can't log
// in.
func countOtherAdmins(ctx context.Context, q db.Querier, admin db.User) (int64, error) {
	if !admin.IsInvited {
		return q.CountOtherActiveAdmins(ctx, db.CountOtherActiveAdminsParams{TenantID: admin.TenantID, ID: admin.ID})
	}
	all, err := q.CountUsers(ctx, db.CountUsersParams{TenantID: admin.TenantID, Role: new(string(access.Admin)), IsActive: new(true)})
	return all - 1, err
}

func isActiveAdmin(u db.User) bool { return u.IsActive && u.Role == string(access.Admin) }

func isActiveSuperuser(u db.User) bool { return u.IsActive && u.IsSuperuser }

// CreatePasswordReset returns a token to choose a password with, which replaces an older one. For
// an invited user it is the token that accepts the invitation. It returns the errors of administer,
// errs.UserInactive, or errs.NotManaged if only the person may change the password.
func (s *Service) CreatePasswordReset(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (auth.OneTimeToken, error) {
	var token auth.OneTimeToken
	err := s.administer(ctx, by, id, condition, func(tx store.Tx, u db.User) error {
		if !u.IsActive {
			return errs.New(errs.UserInactive, "This user is inactive, so a token wouldn't work. Activate the user first.")
		}
		if !u.IsInvited {
			if _, err := auth.ManagedAccount(ctx, tx, u); err != nil {
				return err
			}
		}
		var err error
		if token, err = s.auth.IssueOneTimeToken(ctx, tx, u); err != nil {
			return err
		}
		return kind.Write(ctx, s.parts.Change(tx, by), "", u, audit.Changes{"expires_at": {After: token.ExpiresAt}})
	})
	if err != nil {
		return auth.OneTimeToken{}, err
	}
	return token, nil
}
