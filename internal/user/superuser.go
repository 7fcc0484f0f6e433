package user

import (
	"context"
	"errors"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/store"
)

// The rest of this file is for operators, on the command line. It isn't available over the network.

// platform is a principal without a user, in the tenant of the superusers.
var platform = access.Principal{TenantID: access.PlatformTenantID}

// Superuser describes a new superuser.
type Superuser struct {
	Email    string
	FullName string
	Password string
}

// CreateSuperuser returns the new superuser. It returns errs.ValidationFailed if the password
// breaks a rule, or errs.AlreadyExists if an account has the e-mail address.
func (s *Service) CreateSuperuser(ctx context.Context, in Superuser) (db.User, error) {
	return s.createSuperuser(ctx, in, func(db.Querier) error { return nil })
}

// errNotFirst rolls back the transaction that would have created the first superuser.
var errNotFirst = errors.New("there is a superuser already")

// CreateFirstSuperuser is CreateSuperuser if the platform has no user; otherwise it does nothing.
// Of concurrent calls one creates the superuser. It reports whether this call did.
func (s *Service) CreateFirstSuperuser(ctx context.Context, in Superuser) (bool, error) {
	first := func(q db.Querier) error {
		n, err := q.CountUsers(ctx, db.CountUsersParams{TenantID: platform.TenantID})
		if err == nil && n > 0 {
			return errNotFirst
		}
		return err
	}
	err := first(s.store) // before the password is hashed, which takes its time
	if err == nil {
		_, err = s.createSuperuser(ctx, in, first)
	}
	if errors.Is(err, errNotFirst) {
		return false, nil
	}
	return err == nil, err
}

// createSuperuser locks the platform's users, calls allowed, and then creates the superuser.
func (s *Service) createSuperuser(ctx context.Context, in Superuser, allowed func(db.Querier) error) (db.User, error) {
	hash, err := s.auth.HashNewPassword(ctx, in.Password, in.Email)
	if err != nil {
		return db.User{}, err
	}
	now := s.now()
	u := db.User{
		TenantID: platform.TenantID, ID: s.parts.NewID(), Email: email.Normalize(in.Email), FullName: in.FullName,
		Role: string(access.Admin), IsActive: true, IsSuperuser: true, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	Derive(&u)
	err = s.store.Tx(ctx, func(tx store.Tx) error {
		if err := lockTenant(ctx, tx, platform); err != nil {
			return err
		}
		if err := allowed(tx); err != nil {
			return err
		}
		_, err := auth.AccountByEmail(ctx, tx, in.Email)
		if err == nil {
			return kind.Keys[1].Refusal()
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := s.auth.AddAccount(ctx, tx, &u, hash); err != nil {
			return err
		}
		return kind.Add(ctx, s.parts.Change(tx, platform), u)
	})
	if err != nil {
		return db.User{}, kind.ClientError(err)
	}
	return u, nil
}

// ResetSuperuserPassword changes a superuser's password and ends all their sessions. It returns
// errs.NotFound if no superuser has this e-mail address, errs.UserInactive, or
// errs.ValidationFailed if the password breaks a rule.
func (s *Service) ResetSuperuserPassword(ctx context.Context, address, wanted string) error {
	if _, err := activeSuperuser(ctx, s.store, address); err != nil {
		return err
	}
	hash, err := s.auth.HashNewPassword(ctx, wanted, address)
	if err != nil {
		return err
	}
	var subjects []invalidation.Subject
	err = s.store.Tx(ctx, func(tx store.Tx) error {
		u, err := activeSuperuser(ctx, tx, address)
		if err != nil {
			return err
		}
		subjects, err = s.auth.SetPasswordHash(ctx, tx, u, hash)
		return err
	})
	if err == nil {
		s.auth.Changed(ctx, subjects...)
	}
	return err
}

func activeSuperuser(ctx context.Context, q db.Querier, address string) (db.User, error) {
	account, err := auth.AccountByEmail(ctx, q, address)
	if errors.Is(err, store.ErrNotFound) {
		return db.User{}, errs.New(errs.NotFound, "There is no user with this e-mail address.")
	}
	if err != nil {
		return db.User{}, err
	}
	u, err := auth.UserOf(ctx, q, account, platform.TenantID)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return db.User{}, err
	case !u.IsSuperuser:
		return db.User{}, errs.New(errs.NotFound, "The user with this e-mail address is not a superuser. An admin of their tenant can reset their password.")
	case !u.IsActive:
		return db.User{}, errs.New(errs.UserInactive, "This superuser is inactive. Another superuser must activate them first.")
	}
	return u, nil
}
