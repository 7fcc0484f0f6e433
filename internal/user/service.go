// Package user implements the rules of users and their administration.
package user

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
)

const entityType = "user"

// kind describes the table of users. Its audit entries have the operations as actions.
var kind = records.Kind[db.User]{
	Name: entityType, Words: entityType, Plural: "users",
	Keys: []records.Key{
		{Constraint: "users_tenant_id_email_key", Pointer: "/email", Taken: "A user with this e-mail address exists already."},
		{Constraint: "accounts_email_key", Pointer: "/email", Taken: "An account with this e-mail address exists already."},
	},
	Columns: func(u *db.User) records.Columns {
		return records.Columns{
			TenantID: &u.TenantID, ID: &u.ID, CreatedAt: &u.CreatedAt, UpdatedAt: &u.UpdatedAt, Version: &u.Version, Label: u.Email,
		}
	},
	Derive: Derive,
	Get: func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (db.User, error) {
		return q.GetUser(ctx, db.GetUserParams{TenantID: tenantID, ID: id})
	},
	Insert: func(ctx context.Context, q db.Querier, u db.User) error {
		return q.InsertUser(ctx, db.InsertUserParams(u))
	},
	Update: func(ctx context.Context, q db.Querier, u db.User) (int64, error) {
		return q.UpdateUser(ctx, db.UpdateUserOf(u))
	},
	Delete: func(ctx context.Context, q db.Querier, u db.User) (int64, error) {
		return q.DeleteUser(ctx, db.DeleteUserParams{TenantID: u.TenantID, ID: u.ID, Version: u.Version})
	},
	Dependants: resources.UserDependants,
}

// Parts are the dependencies of Service.
type Parts struct {
	records.Parts

	Auth *auth.Service // creates one-time tokens and ends sessions
}

// Service implements the rules of users.
type Service struct {
	parts records.Parts
	store *store.Store
	audit *audit.Log
	auth  *auth.Service
	now   func() time.Time
}

// NewService returns the service.
func NewService(p Parts) *Service {
	return &Service{parts: p.Parts, store: p.Store, audit: p.Audit, auth: p.Auth, now: p.Now}
}

// Get returns a user of the tenant, or errs.NotFound.
func (s *Service) Get(ctx context.Context, by access.Principal, id uuid.UUID) (db.User, error) {
	return kind.Find(ctx, s.store, by.TenantID, id)
}

// errDenied rolls back a transaction. The refusal is then written to the trail outside of it.
var errDenied = errors.New("only superusers administer superusers")

// administer calls f with a user of the tenant, in a transaction. Such transactions of a tenant run
// one after the other, because two changes, each valid alone, may together leave the tenant without
// an admin.
//
// It returns errs.NotFound, errs.Forbidden if the user is a superuser and the principal isn't,
// errs.StaleVersion if condition doesn't allow the user's version, or the error of f.
func (s *Service) administer(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, f func(tx store.Tx, u db.User) error,
) error {
	return s.administerAfter(ctx, by, id, condition, func(db.Querier) error { return nil }, f)
}

// administerAfter is administer, but calls lock first in the transaction. lock locks the companies
// whose rows f changes: the order of locks is company, tenant, everything else. It may also return
// the error of lock.
func (s *Service) administerAfter(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition,
	lock func(q db.Querier) error, f func(tx store.Tx, u db.User) error,
) error {
	var u db.User
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		if err := lock(tx); err != nil {
			return err
		}
		if err := lockTenant(ctx, tx, by); err != nil {
			return err
		}
		var err error
		if u, err = kind.Find(ctx, tx, by.TenantID, id); err != nil {
			return err
		}
		if !mayAdminister(by, u) {
			return errDenied
		}
		if err := kind.Allowed(u, condition); err != nil {
			return err
		}
		return f(tx, u)
	})
	if errors.Is(err, errDenied) {
		return s.deny(ctx, by, u)
	}
	return kind.ClientError(err)
}

// lockTenant locks the tenant's row until the end of the transaction, so that requests administer
// its users one after the other. The caller may only have locked companies before.
func lockTenant(ctx context.Context, q db.Querier, by access.Principal) error {
	rows, err := q.LockTenant(ctx, db.LockTenantParams{ID: by.TenantID})
	if err == nil && rows == 0 {
		return errs.New(errs.NotFound, "There is no such tenant.")
	}
	return err
}

// mayAdminister prevents admins from taking over the account of a superuser, who has more
// permissions.
func mayAdminister(by access.Principal, u db.User) bool {
	return !u.IsSuperuser || by.Role == access.Superuser
}

// deny writes an audit entry about the refusal, and returns the refusal.
func (s *Service) deny(ctx context.Context, by access.Principal, u db.User) error {
	entry := audit.Entry{EntityType: entityType, EntityID: u.ID, EntityLabel: u.Email, Outcome: audit.Denied, Reason: string(errs.Forbidden)}
	if access.RequestFrom(ctx).Operation.AuditAction == access.NoAuditAction {
		entry.Action = audit.AccessDenied
	}
	err := s.store.Tx(ctx, func(tx store.Tx) error { return s.audit.Write(ctx, tx, by, entry) })
	if err != nil {
		return err
	}
	return errs.New(errs.Forbidden, "This user is a superuser. Only superusers may administer superusers.")
}

// save is records.Kind.Save with the action of the operation.
func (s *Service) save(ctx context.Context, tx store.Tx, by access.Principal, before db.User, after *db.User) error {
	return kind.Save(ctx, s.parts.Change(tx, by), "", before, after)
}

// writeTaken writes an audit entry if an e-mail address was refused because another user or account
// has it, and returns the refusal. It is recorded because the refusal reveals that the address
// exists. Other errors are returned unchanged.
func (s *Service) writeTaken(ctx context.Context, by access.Principal, u db.User, refusal error) error {
	if !errs.Is(refusal, errs.AlreadyExists) {
		return refusal
	}
	entry := audit.Entry{EntityType: entityType, EntityID: u.ID, EntityLabel: u.Email, Outcome: audit.Failure, Reason: string(errs.AlreadyExists)}
	if err := s.store.Tx(ctx, func(tx store.Tx) error { return s.audit.Write(ctx, tx, by, entry) }); err != nil {
		return err
	}
	return refusal
}

// changed makes all instances drop what they have cached about a user. Call it after the
// transaction.
func (s *Service) changed(ctx context.Context, u db.User) {
	s.auth.Changed(ctx, invalidation.User(u.TenantID, u.ID))
}

// checkAddress returns errs.AlreadyExists if another user of the tenant has a former form of an
// address. The unique key only compares canonical forms.
func checkAddress(ctx context.Context, q db.Querier, u db.User, given string) error {
	others, err := usersWithFormer(ctx, q, u.TenantID, given)
	if slices.ContainsFunc(others, func(other db.User) bool { return other.ID != u.ID }) {
		return kind.Keys[0].Refusal()
	}
	return err
}

// usersWithFormer returns the users of a tenant who have a former form of an address.
func usersWithFormer(ctx context.Context, q db.Querier, tenantID uuid.UUID, given string) ([]db.User, error) {
	former := email.FormerForms(given)
	if len(former) == 0 {
		return nil, nil
	}
	texts := [4]string{former[0], former[0], former[0], former[0]}
	copy(texts[:], former)
	return q.ListUsersByEmail(ctx, db.ListUsersByEmailParams{
		TenantID: tenantID, Email1: texts[0], Email2: texts[1], Email3: texts[2], Email4: texts[3],
	})
}
