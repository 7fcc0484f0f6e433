package seed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/org"
	"github.com/tenantry/tenantry/internal/store"
	tenants "github.com/tenantry/tenantry/internal/tenant" // tenant is a type of ours
	"github.com/tenantry/tenantry/internal/user"
)

// errPresent means that a row can't be added, because one with a key of it exists.
var errPresent = errors.New("there already")

// writer adds rows with their audit entries, in one transaction. An entry has the time of its row.
type writer struct {
	q   db.Querier
	log *audit.Log
	at  time.Time
}

// newWriter belongs inside the transaction's closure: run again, it has to write the same ids again.
func newWriter(q db.Querier, keys *audit.Keys, seed uint64, stream string) *writer {
	w := &writer{q: q}
	r := newRandom(seed, stream+" audit")
	w.log = audit.NewLog(keys, func() time.Time { return w.at }, func() uuid.UUID { return r.id(w.at) })
	return w
}

// organisation returns errPresent if the tenant exists: by its code, or by its id if it has been renamed.
func (w *writer) organisation(ctx context.Context, rows rows) error {
	if err := w.tenant(ctx, rows.tenant); err != nil {
		return err
	}
	for _, c := range rows.companies {
		w.at = c.CreatedAt
		if err := org.InsertCompany(ctx, w.q, w.log, access.Principal{TenantID: c.TenantID}, c); err != nil {
			return err
		}
	}
	for _, u := range rows.users {
		err := w.user(ctx, u)
		if errors.Is(err, errPresent) {
			// Not an errPresent: the tenant is new, and so somebody else has the address.
			return fmt.Errorf("another tenant has a user %s; delete that user, or use an empty database", u.Email)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) tenant(ctx context.Context, t db.Tenant) error {
	w.at = t.CreatedAt
	tenants.Derive(&t)
	if err := w.q.InsertTenant(ctx, db.InsertTenantParams(t)); err != nil {
		return asPresent(err)
	}
	return w.log.Write(ctx, w.q, access.Principal{TenantID: t.ID}, audit.Entry{
		Action: "tenant.create", EntityType: "tenant", EntityID: t.ID, EntityLabel: t.Name, Changes: audit.Created(t),
	})
}

func (w *writer) user(ctx context.Context, u db.User) error {
	w.at = u.CreatedAt
	user.Derive(&u)
	if err := w.q.InsertUser(ctx, db.InsertUserParams(u)); err != nil {
		return asPresent(err)
	}
	return w.log.Write(ctx, w.q, access.Principal{TenantID: u.TenantID}, audit.Entry{
		Action: "user.create", EntityType: "user", EntityID: u.ID, EntityLabel: u.Email, Changes: audit.Created(u),
	})
}

// asPresent adds errPresent to a violation of any unique key. Which one is named first differs between the engines.
func asPresent(err error) error {
	var v *store.Violation
	if errors.As(err, &v) && v.Kind == store.Unique {
		return fmt.Errorf("%w: %w", errPresent, err)
	}
	return err
}
