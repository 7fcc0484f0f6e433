// Package records implements what all resources share: creating, reading, changing and deleting
// rows, with their audit entries.
package records

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/store"
)

// Kind describes a table whose rows people create, change and delete.
type Kind[Row any] struct {
	Name       string // entity type in the audit trail
	Words      string // name in messages
	Plural     string // the table
	Keys       []Key
	References []Reference[Row]

	Columns func(*Row) Columns
	// Derive sets the columns that are computed from others.
	Derive func(*Row)
	Get    func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (Row, error)
	Insert func(ctx context.Context, q db.Querier, row Row) error
	// Update and Delete change the row if its version is still that of row. They return the number
	// of changed rows: 0 or 1.
	Update func(ctx context.Context, q db.Querier, row Row) (int64, error)
	Delete func(ctx context.Context, q db.Querier, row Row) (int64, error)
	// Lock locks the company of a row until the end of the transaction. Nobody else can then change
	// the company or anything below it. The caller must take no other lock before. Lock returns the
	// number of rows, 0 if the row doesn't exist. It is nil if the rows don't belong to a company.
	Lock func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (int64, error)
	// Dependants returns the references to the rows. Rows that refer to other dependants come
	// first. It is nil if nothing refers to the rows.
	Dependants func() []Dependant
	// Counters count the rows that a deletion also deletes or detaches.
	Counters []Counter
	// Trails returns the tenants whose trails record a change. If nil, it is the tenant that the
	// principal acts in.
	Trails func(Row) []uuid.UUID
}

// Key is a unique key.
type Key struct {
	Constraint string
	Pointer    string // the field in the refusal
	Taken      string // the message in the refusal
}

// Refusal returns the error for a client if another row has the same key.
func (k Key) Refusal() *errs.Error {
	return errs.New(errs.AlreadyExists, k.Taken).With(errs.Field{Pointer: k.Pointer, Detail: k.Taken, Code: "taken"})
}

// Columns points at the columns that every kind has.
type Columns struct {
	TenantID, ID         *uuid.UUID
	CreatedAt, UpdatedAt *time.Time
	Version              *int64
	Label                string    // label of the row in the audit trail
	CompanyID            uuid.UUID // of the company that Lock locks; zero if there is none
}

// Change holds what all functions in a transaction need.
type Change struct {
	Tx  store.Tx
	Log *audit.Log
	By  access.Principal
	Now time.Time
}

// Find returns a row, or errs.NotFound.
func (k Kind[Row]) Find(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (Row, error) {
	row, err := k.Get(ctx, q, tenantID, id)
	if err != nil {
		return row, k.ClientError(err)
	}
	return row, nil
}

// Matching returns a row whose version condition allows. The error is errs.NotFound or
// errs.StaleVersion.
func (k Kind[Row]) Matching(ctx context.Context, q db.Querier, tenantID, id uuid.UUID, condition etag.Condition) (Row, error) {
	row, err := k.Find(ctx, q, tenantID, id)
	if err != nil {
		return row, err
	}
	return row, k.Allowed(row, condition)
}

// Allowed returns errs.StaleVersion if condition doesn't allow the version of a row.
func (k Kind[Row]) Allowed(row Row, condition etag.Condition) error {
	c := k.Columns(&row)
	if !condition.Allows(etag.Of(*c.TenantID, *c.ID, *c.Version)) {
		return errs.Newf(errs.StaleVersion, "The %s has changed since you read it. Read it again and repeat your change.", k.Words)
	}
	return nil
}

// Add inserts a row, with an audit entry.
func (k Kind[Row]) Add(ctx context.Context, c Change, row Row) error {
	if err := k.Insert(ctx, c.Tx, row); err != nil {
		return k.refused(err)
	}
	return k.Write(ctx, c, k.Name+".create", row, audit.Created(row))
}

// Save updates a row if before and after differ, writes an audit entry with this action, and sets
// the new version in after. It returns errs.AlreadyExists if a unique key is taken, or
// store.ErrStale if the row has another version by now or refers to a deleted row.
func (k Kind[Row]) Save(ctx context.Context, c Change, action string, before Row, after *Row) error {
	changes := audit.Updated(before, *after)
	if len(changes) == 0 {
		return nil
	}
	if err := k.Put(ctx, c, after); err != nil {
		return err
	}
	return k.Write(ctx, c, action, *after, changes)
}

// Put updates a row in any case and writes no audit entry.
func (k Kind[Row]) Put(ctx context.Context, c Change, row *Row) error {
	k.Derive(row)
	columns := k.Columns(row)
	*columns.UpdatedAt = c.Now
	rows, err := k.Update(ctx, c.Tx, *row)
	if err != nil {
		return k.refused(err)
	}
	if rows == 0 {
		return store.ErrStale
	}
	*columns.Version++
	return nil
}

// Write writes an audit entry about a row. An empty action stands for the action of the operation.
func (k Kind[Row]) Write(ctx context.Context, c Change, action string, row Row, changes audit.Changes) error {
	trails := []uuid.UUID{c.By.TenantID}
	if k.Trails != nil {
		trails = k.Trails(row)
	}
	columns := k.Columns(&row)
	for _, trail := range trails {
		err := c.Log.Write(ctx, c.Tx, c.By, audit.Entry{
			Action: action, TenantID: trail, EntityType: k.Name, EntityID: *columns.ID, EntityLabel: columns.Label, Changes: changes,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// WriteDeleted writes an audit entry with the last state of each row. Call it before the deletion:
// on MySQL an entry locks the row of its tenant, and the order of locks is company, tenant,
// everything else.
func (k Kind[Row]) WriteDeleted(ctx context.Context, c Change, rows []Row) error {
	for _, row := range rows {
		if err := k.Write(ctx, c, k.Name+".delete", row, audit.Deleted(row)); err != nil {
			return err
		}
	}
	return nil
}

// Remove deletes a row and writes an audit entry. It returns store.ErrStale if the row has another
// version by now or another row refers to it.
func (k Kind[Row]) Remove(ctx context.Context, c Change, row Row) error {
	if err := k.WriteDeleted(ctx, c, []Row{row}); err != nil {
		return err
	}
	rows, err := k.Delete(ctx, c.Tx, row)
	return MustBe(1, rows, err)
}

// refused translates the error of an insert or update. For a broken foreign key it returns
// store.ErrStale: the referenced row existed when the transaction checked it, so the transaction
// runs again and checks again.
func (k Kind[Row]) refused(err error) error {
	if store.BreaksReference(err) {
		return fmt.Errorf("%w: %w", store.ErrStale, err)
	}
	return k.ClientError(err)
}

// ClientError translates errors of the store into errors for clients.
func (k Kind[Row]) ClientError(err error) error {
	// Tx ran out of attempts, although each attempt found the referenced row.
	if errors.Is(err, store.ErrStale) && store.BreaksReference(err) {
		return errs.New(errs.UnknownReference, missing).With(k.brokenField(err)...).Because(err)
	}
	if _, told := errors.AsType[*errs.Error](err); told {
		return err
	}
	if errors.Is(err, store.ErrNotFound) {
		return errs.Newf(errs.NotFound, "There is no such %s.", k.Words).Because(err)
	}
	for _, key := range k.Keys {
		if store.Violates(err, key.Constraint) {
			return key.Refusal().Because(err)
		}
	}
	return err
}

// MustBe returns store.ErrStale if a statement changed another number of rows than planned or broke
// a foreign key, and otherwise err.
func MustBe(planned int, changed int64, err error) error {
	if store.BreaksReference(err) || err == nil && changed != int64(planned) {
		return store.ErrStale
	}
	return err
}
