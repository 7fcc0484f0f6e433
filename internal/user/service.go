// Package user has the rules of users: who is one, what they may do, and who decides that.
package user

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/store"
)

const entityType = "user"

// Parts is what a Service is made of.
type Parts struct {
	Store   *store.Store
	Audit   *audit.Log
	Auth    *auth.Service // makes one-time tokens, and knows of sessions
	Cursors *paging.Cursors
	Now     func() time.Time
	NewID   func() uuid.UUID
}

// Service has the rules of users.
type Service struct {
	store   *store.Store
	audit   *audit.Log
	auth    *auth.Service
	cursors *paging.Cursors
	now     func() time.Time
	newID   func() uuid.UUID
}

// NewService returns the service.
func NewService(p Parts) *Service {
	return &Service{store: p.Store, audit: p.Audit, auth: p.Auth, cursors: p.Cursors, now: p.Now, newID: p.NewID}
}

// Get returns a user of the tenant, or errs.NotFound.
func (s *Service) Get(ctx context.Context, by access.Principal, id uuid.UUID) (db.User, error) {
	return find(ctx, s.store, by, id)
}

// errDenied is a refusal that is still to be written down, outside of the transaction that ends with it.
var errDenied = errors.New("only superusers administer superusers")

// administer calls f with a user of the tenant, in a transaction. Such transactions of a tenant wait for each other: two changes
// that are right alone may together leave the tenant without an admin.
//
// The error is errs.NotFound, errs.Forbidden if the user is a superuser and the principal isn't, errs.StaleVersion if condition
// doesn't allow the user's version, or that of f.
func (s *Service) administer(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, f func(q db.Querier, u db.User) error,
) error {
	return s.administerAfter(ctx, by, id, condition, func(db.Querier) error { return nil }, f)
}

// administerAfter calls lock in the transaction before it does what administer does. lock locks the companies
// whose rows f changes: the order of locks is company, tenant, everything else. The error may also be
// that of lock.
func (s *Service) administerAfter(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition,
	lock func(q db.Querier) error, f func(q db.Querier, u db.User) error,
) error {
	var u db.User
	err := s.store.Tx(ctx, func(q db.Querier) error {
		if err := lock(q); err != nil {
			return err
		}
		if err := lockTenant(ctx, q, by); err != nil {
			return err
		}
		var err error
		if u, err = find(ctx, q, by, id); err != nil {
			return err
		}
		if !mayAdminister(by, u) {
			return errDenied
		}
		if !condition.Allows(etag.Of(u.TenantID, u.ID, u.Version)) {
			return errs.New(errs.StaleVersion, "The user has changed since you read it. Read it again and repeat your change.")
		}
		return f(q, u)
	})
	if errors.Is(err, errDenied) {
		return s.deny(ctx, by, u)
	}
	return err
}

// lockTenant locks the tenant's row until the end of the transaction, so that no two requests administer its
// users at once. The caller reads nothing before it but the companies to lock.
func lockTenant(ctx context.Context, q db.Querier, by access.Principal) error {
	rows, err := q.LockTenant(ctx, db.LockTenantParams{ID: by.TenantID})
	if err == nil && rows == 0 {
		return errs.New(errs.NotFound, "There is no such tenant.")
	}
	return err
}

func find(ctx context.Context, q db.Querier, by access.Principal, id uuid.UUID) (db.User, error) {
	u, err := q.GetUser(ctx, db.GetUserParams{TenantID: by.TenantID, ID: id})
	if errors.Is(err, store.ErrNotFound) {
		return db.User{}, errs.New(errs.NotFound, "There is no such user.").Because(err)
	}
	return u, err
}

// mayAdminister keeps admins from taking over the account of a superuser, who may do more than they.
func mayAdminister(by access.Principal, u db.User) bool {
	return !u.IsSuperuser || by.Role == access.Superuser
}

// deny writes down who was refused, and returns the refusal.
func (s *Service) deny(ctx context.Context, by access.Principal, u db.User) error {
	entry := audit.Entry{EntityType: entityType, EntityID: u.ID, EntityLabel: u.Email, Outcome: audit.Denied, Reason: string(errs.Forbidden)}
	if access.RequestFrom(ctx).Operation.AuditAction == access.NoAuditAction {
		entry.Action = audit.AccessDenied
	}
	err := s.store.Tx(ctx, func(q db.Querier) error { return s.audit.Write(ctx, q, by, entry) })
	if err != nil {
		return err
	}
	return errs.New(errs.Forbidden, "This user is a superuser, and only superusers may do that to them.")
}

// save writes a user's changes, with an audit entry, as part of a transaction; if there are none it writes nothing. The error
// is errs.AlreadyExists if the e-mail address is taken, or store.ErrStale.
func (s *Service) save(ctx context.Context, q db.Querier, by access.Principal, before db.User, after *db.User) error {
	changes := audit.Updated(before, *after)
	if len(changes) == 0 {
		return nil
	}
	after.UpdatedAt = s.now()
	rows, err := q.UpdateUser(ctx, db.UpdateUserOf(*after))
	if rows == 0 && err == nil || store.BreaksReference(err) {
		return store.ErrStale // changed, or what it refers to has gone
	}
	if err != nil {
		return emailTaken(err)
	}
	after.Version++
	return s.write(ctx, q, by, *after, changes)
}

// write adds an audit entry about a user, with the action of the operation.
func (s *Service) write(ctx context.Context, q db.Querier, by access.Principal, u db.User, changes audit.Changes) error {
	return s.audit.Write(ctx, q, by, audit.Entry{EntityType: entityType, EntityID: u.ID, EntityLabel: u.Email, Changes: changes})
}

// writeTaken writes an audit entry if an e-mail address was refused because somebody has it, perhaps in another
// tenant, and returns the refusal. The entry is there because the refusal tells something about others. Other
// errors are returned as they are.
func (s *Service) writeTaken(ctx context.Context, by access.Principal, u db.User, refusal error) error {
	if !errs.Is(refusal, errs.AlreadyExists) {
		return refusal
	}
	entry := audit.Entry{EntityType: entityType, EntityID: u.ID, EntityLabel: u.Email, Outcome: audit.Failure, Reason: string(errs.AlreadyExists)}
	if err := s.store.Tx(ctx, func(q db.Querier) error { return s.audit.Write(ctx, q, by, entry) }); err != nil {
		return err
	}
	return refusal
}

// changed makes all instances forget what they remember of a user. It comes after the transaction.
func (s *Service) changed(ctx context.Context, u db.User) {
	s.auth.Changed(ctx, invalidation.User(u.TenantID, u.ID))
}

// emailTaken makes a violation of the e-mail address' key into what a client is told.
func emailTaken(err error) error {
	if !store.Violates(err, "users_email_key") {
		return err
	}
	return errTaken(err)
}

// checkAddress returns errs.AlreadyExists if another user has a former form of an address. The key of the table compares canonical ones.
func checkAddress(ctx context.Context, q db.Querier, u db.User, given string) error {
	if len(email.FormerForms(given)) == 0 {
		return nil
	}
	other, err := auth.UserByEmail(ctx, q, given)
	if errors.Is(err, store.ErrNotFound) || err == nil && other.ID == u.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return errTaken(nil)
}

func errTaken(cause error) error {
	const taken = "A user with this e-mail address exists already, here or in another tenant."
	return errs.New(errs.AlreadyExists, taken).With(errs.Field{Pointer: "/email", Detail: taken, Code: "taken"}).Because(cause)
}
