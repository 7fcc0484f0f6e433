package seed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/store"
	tenants "github.com/tenantry/tenantry/internal/tenant" // this package has a type tenant
	"github.com/tenantry/tenantry/internal/user"
)

// errPresent means that a row exists already.
var errPresent = errors.New("there already")

// writer inserts rows and audit entries in one transaction.
type writer struct {
	tx  store.Tx
	log *audit.Log
}

func newWriter(tx store.Tx, keys *audit.Keys) writer {
	return writer{tx: tx, log: audit.NewLog(keys, time.Now, uuid.New)} // not called, because entries have ids and times
}

// organisation inserts the rows of an organisation. It returns errPresent if the tenant exists: by
// its code, or by its id if the tenant was renamed.
func (w writer) organisation(ctx context.Context, rows rows) error {
	tenants.Derive(&rows.tenant)
	if err := w.tx.InsertTenant(ctx, db.InsertTenantParams(rows.tenant)); err != nil {
		return asPresent(err)
	}
	for _, c := range rows.companies {
		resources.DeriveCompany(&c)
		if err := w.tx.InsertCompany(ctx, db.InsertCompanyParams(c)); err != nil {
			return err
		}
	}
	for _, b := range rows.branches {
		resources.DeriveBranch(&b)
		if err := w.tx.InsertBranch(ctx, db.InsertBranchParams(b)); err != nil {
			return err
		}
	}
	for _, d := range rows.departments {
		resources.DeriveDepartment(&d)
		if err := w.tx.InsertDepartment(ctx, db.InsertDepartmentParams(d)); err != nil {
			return err
		}
	}
	for _, u := range rows.users {
		err := w.user(ctx, u, rows.hash)
		if errors.Is(err, errPresent) {
			// Not errPresent: the tenant is new, so an account of another tenant has the address.
			return fmt.Errorf("there is an account %s already; delete its users, or use an empty database", u.Email)
		}
		if err != nil {
			return err
		}
	}
	for _, d := range rows.headed {
		if err := w.head(ctx, d); err != nil {
			return err
		}
	}
	return w.events(ctx, rows.events)
}

// user inserts a user with an account of its own, which has the same id.
func (w writer) user(ctx context.Context, u db.User, hash string) error {
	a := db.Account{
		ID: u.ID, Email: u.Email, PasswordHash: hash, ManagedBy: &u.TenantID, LastLoginAt: u.LastLoginAt,
		CreatedAt: u.CreatedAt, UpdatedAt: u.CreatedAt, Version: 1,
	}
	if err := w.tx.InsertAccount(ctx, db.InsertAccountParams(a)); err != nil {
		return asPresent(err)
	}
	u.AccountID = &a.ID
	user.Derive(&u)
	return asPresent(w.tx.InsertUser(ctx, db.InsertUserParams(u)))
}

// head sets the head of a department, which increases its version.
func (w writer) head(ctx context.Context, d db.Department) error {
	resources.DeriveDepartment(&d)
	d.Version--
	updated, err := w.tx.UpdateDepartment(ctx, db.UpdateDepartmentOf(d))
	if err == nil && updated != 1 {
		return fmt.Errorf("department %s has another version than it was given", d.Code)
	}
	return err
}

func (w writer) events(ctx context.Context, list []event) error {
	for _, e := range list {
		changes := []byte("{}")
		if e.changes != nil {
			var err error
			if changes, err = json.Marshal(e.changes); err != nil {
				return fmt.Errorf("encode changes: %w", err)
			}
		}
		e.entry.Changes = changes
		if err := w.log.Insert(ctx, w.tx, e.entry); err != nil {
			return err
		}
	}
	return nil
}

// asPresent adds errPresent to a violation of a unique key. Engines differ in which key they report
// first.
func asPresent(err error) error {
	if store.BreaksUniqueness(err) {
		return fmt.Errorf("%w: %w", errPresent, err)
	}
	return err
}
