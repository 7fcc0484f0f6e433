// Package records has the rules that all resources share: how a row is created, read, changed and
// deleted, with its audit entries.
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
	Name       string // the entity type of the audit trail
	Words      string // as people call it
	Plural     string // the table
	Keys       []Key
	References []Reference[Row]

	Columns func(*Row) Columns
	// Derive sets the columns that are made from others.
	Derive func(*Row)
	Get    func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (Row, error)
	Insert func(ctx context.Context, q db.Querier, row Row) error
	// Update and Delete do so if the row still has this version, and return the number of rows: 0
	// or 1.
	Update func(ctx context.Context, q db.Querier, row Row) (int64, error)
	Delete func(ctx context.Context, q db.Querier, row Row) (int64, error)
	// Lock locks the company of a row until the end of the transaction, so that nobody else changes
	// the company or anything below it. The caller takes no other lock before it. It returns the
	// number of rows: 0 if there is no such row. It is nil if rows belong to no company.
	Lock func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (int64, error)
	// Dependants returns what refers to the rows, those first that refer to others; nil if nothing
	// does.
	Dependants func() []Dependant
	// Counters count what a deletion takes along.
	Counters []Counter
	// Trails returns the tenants in whose trails changes are written; nil: that in which the
	// principal acts.
	Trails func(Row) []uuid.UUID
}

// Key is a unique key.
type Key struct {
	Constraint string
	Pointer    string // the field that a client is told of
	Taken      string // the detail of Refusal
}

// Refusal is what a client is told if another row has the same.
func (k Key) Refusal() *errs.Error {
	return errs.New(errs.AlreadyExists, k.Taken).With(errs.Field{Pointer: k.Pointer, Detail: k.Taken, Code: "taken"})
}

// Columns are those that every kind has.
type Columns struct {
	TenantID, ID         *uuid.UUID
	CreatedAt, UpdatedAt *time.Time
	Version              *int64
	Label                string    // what people call the row
	CompanyID            uuid.UUID // of the company that Lock locks; zero if there is none
}

// Change has what the functions of one transaction share.
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

// Save writes what differs between before and after, with an audit entry of an action, and gives
// after its new version. If nothing differs it writes nothing. The error is errs.AlreadyExists if a
// unique key is taken, or store.ErrStale if the row has another version by now or refers to what is
// gone.
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

// Put is Save without a look at what differs, and without an audit entry.
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

// Write adds an audit entry about a row. An empty action is that of the operation.
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

// WriteDeleted adds an audit entry with the last state of each row. It comes before the deletion,
// because on MySQL an entry locks the row of its tenant, and the order of locks is company, tenant,
// everything else.
func (k Kind[Row]) WriteDeleted(ctx context.Context, c Change, rows []Row) error {
	for _, row := range rows {
		if err := k.Write(ctx, c, k.Name+".delete", row, audit.Deleted(row)); err != nil {
			return err
		}
	}
	return nil
}

// Remove deletes a row, with an audit entry. The error is store.ErrStale if it has another version
// by now or another row refers to it.
func (k Kind[Row]) Remove(ctx context.Context, c Change, row Row) error {
	if err := k.WriteDeleted(ctx, c, []Row{row}); err != nil {
		return err
	}
	rows, err := k.Delete(ctx, c.Tx, row)
	return MustBe(1, rows, err)
}

// refused is what a statement that writes a row returns instead of the database's refusal. What the
// row refers to was there when the transaction looked: it starts over and looks again.
func (k Kind[Row]) refused(err error) error {
	if store.BreaksReference(err) {
		return fmt.Errorf("%w: %w", store.ErrStale, err)
	}
	return k.ClientError(err)
}

// ClientError makes what the store refused into what a client is told.
func (k Kind[Row]) ClientError(err error) error {
	// Tx has given up trying again, although the reference was found each time.
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

// MustBe returns store.ErrStale if a statement changed another number of rows than planned, or
// broke a foreign key; otherwise err.
func MustBe(planned int, changed int64, err error) error {
	if store.BreaksReference(err) || err == nil && changed != int64(planned) {
		return store.ErrStale
	}
	return err
}
