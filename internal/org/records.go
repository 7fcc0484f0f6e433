// Package org has the rules of a tenant's organisation.
package org

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// deletionBatch is how many rows a transaction changes at most, so that others don't wait long for it.
	deletionBatch = 1000
	// deletionStep is how many rows are changed between two looks at the clock. It is small because a database
	// may be slow.
	deletionStep = 100
	// deletionTime is how long a call of delete takes at most, so that its client doesn't give up.
	deletionTime = 10 * time.Second
)

// Parts is what the services of this package are made of.
type Parts struct {
	Store   *store.Store
	Audit   *audit.Log
	Cursors *paging.Cursors
	Now     func() time.Time
	NewID   func() uuid.UUID
}

// kind is what tells one kind of rows from another.
type kind[Row any] struct {
	name    string // as people and the audit trail call it
	codeKey string // the constraint that makes its codes unique
	taken   string // what a client is told then

	facts  func(*Row) facts
	get    func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (Row, error)
	insert func(ctx context.Context, q db.Querier, row Row) error
	// lock locks the company of a row until the end of the transaction, so that nobody else changes the company
	// or anything below it. The caller takes no other lock before it. It returns the number of rows: 0 if there
	// is no such row.
	lock func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (int64, error)
	// update and remove do so if the row still has this version, and return the number of rows: 0 or 1. remove
	// is nil if carryOut deletes the row itself, too.
	update func(ctx context.Context, q db.Querier, row Row) (int64, error)
	remove func(ctx context.Context, q db.Querier, row Row) (int64, error)
	// within calls add if the tenant may have one more; nil if it may have any number.
	within func(ctx context.Context, q db.Querier, tenantID uuid.UUID, add func() error) error
	// extent returns what a deletion of the row is about.
	extent func(row Row) extent
}

// facts are the columns that every kind has.
type facts struct {
	id        uuid.UUID
	name      string
	updatedAt *time.Time
	version   *int64
}

// addWithin is add if the tenant may have one more of the kind. q belongs to a transaction that has done nothing yet.
func (k kind[Row]) addWithin(ctx context.Context, q db.Querier, log *audit.Log, by access.Principal, row Row) error {
	if k.within == nil {
		return k.add(ctx, q, log, by, row)
	}
	return k.within(ctx, q, by.TenantID, func() error { return k.add(ctx, q, log, by, row) })
}

// add inserts a row, with an audit entry.
func (k kind[Row]) add(ctx context.Context, q db.Querier, log *audit.Log, by access.Principal, row Row) error {
	if err := k.insert(ctx, q, row); err != nil {
		return err
	}
	return k.write(ctx, q, log, by, "create", row, audit.Created(row))
}

func (k kind[Row]) write(
	ctx context.Context, q db.Querier, log *audit.Log, by access.Principal, verb string, row Row, changes audit.Changes,
) error {
	f := k.facts(&row)
	return log.Write(ctx, q, by, audit.Entry{
		Action: k.name + "." + verb, EntityType: k.name, EntityID: f.id, EntityLabel: f.name, Changes: changes,
	})
}

// records has the rules that all kinds of rows have in common.
type records[Row any] struct {
	kind    kind[Row]
	store   *store.Store
	audit   *audit.Log
	cursors *paging.Cursors
	now     func() time.Time
	newID   func() uuid.UUID
	batch   int // how many rows a transaction deletes at most
}

func newRecords[Row any](k kind[Row], p Parts) records[Row] {
	return records[Row]{
		kind: k, store: p.Store, audit: p.Audit, cursors: p.Cursors, now: p.Now, newID: p.NewID, batch: deletionBatch,
	}
}

func (r records[Row]) get(ctx context.Context, by access.Principal, id uuid.UUID) (Row, error) {
	row, err := r.kind.get(ctx, r.store, by.TenantID, id)
	if err != nil {
		return row, r.clientError(err)
	}
	return row, nil
}

// create adds a row after check has found that what it refers to is there. The error is errs.AlreadyExists if its code is
// taken, errs.QuotaExceeded, or what check returns.
func (r records[Row]) create(ctx context.Context, by access.Principal, row Row, check func(q db.Querier) error) (Row, error) {
	err := r.store.Tx(ctx, func(q db.Querier) error {
		if err := check(q); err != nil {
			return err
		}
		err := r.kind.addWithin(ctx, q, r.audit, by, row)
		if store.BreaksReference(err) {
			return store.ErrStale // it has gone since check saw it
		}
		return err
	})
	if err != nil {
		var none Row
		return none, r.clientError(err)
	}
	return row, nil
}

// update lets change have its way with a row, and returns the row as it is then. If that makes no difference nothing is
// written. The error is errs.NotFound, errs.StaleVersion if condition doesn't allow its version, errs.AlreadyExists if the new
// code is taken, or what change returns.
func (r records[Row]) update(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, change func(q db.Querier, row *Row) error,
) (Row, error) {
	var after Row
	err := r.store.Tx(ctx, func(q db.Querier) error {
		before, err := r.locked(ctx, q, by, id, condition)
		if err != nil {
			return err
		}
		after = before
		if err := change(q, &after); err != nil {
			return err
		}
		changes := audit.Updated(before, after)
		if len(changes) == 0 {
			return nil
		}
		f := r.kind.facts(&after)
		*f.updatedAt = r.now()
		rows, err := r.kind.update(ctx, q, after)
		if rows == 0 && err == nil || store.BreaksReference(err) {
			return store.ErrStale // changed, or what it refers to has gone since change saw it
		}
		if err != nil {
			return err
		}
		*f.version++
		return r.kind.write(ctx, q, r.audit, by, "update", after, changes)
	})
	if err != nil {
		var none Row
		return none, r.clientError(err)
	}
	return after, nil
}

// previewDelete says what delete would take with it. The error is as there.
func (r records[Row]) previewDelete(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (api.DeletionPreview, error) {
	row, err := r.matching(ctx, r.store, by, id, condition)
	if err != nil {
		return api.DeletionPreview{}, r.clientError(err)
	}
	plan, err := r.kind.extent(row).plan(ctx, r.store)
	if err != nil {
		return api.DeletionPreview{}, err
	}
	return plan.preview(ctx, r.store)
}

// delete removes a row and all that is below it; users lose the assignment. Each transaction changes up to 1000
// rows, from below, and the last one removes the row itself. It returns nil when nothing is left. If it takes
// longer than 10 seconds, it stops and returns what is left: then, and after any error, another call continues.
//
// The error is errs.NotFound, errs.StaleVersion if condition doesn't allow its version at the beginning, or that of
// access.StillAllowed between two transactions.
func (r records[Row]) delete(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (*api.DeletionPreview, error) {
	until := r.now().Add(deletionTime)
	isLate := func() bool { return !r.now().Before(until) }
	done, err := r.deleteBatch(ctx, by, id, condition, isLate)
	if err != nil {
		return nil, r.clientError(err)
	}
	for !done {
		if isLate() {
			return r.rest(ctx, by, id)
		}
		if err := access.StillAllowed(ctx); err != nil {
			return nil, err
		}
		done, err = r.deleteBatch(ctx, by, id, etag.Condition{}, isLate)
		if errors.Is(err, store.ErrNotFound) {
			break // another request has deleted it
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // nothing is left
}

// rest returns what a deletion has still to remove; nil if another request has removed it.
func (r records[Row]) rest(ctx context.Context, by access.Principal, id uuid.UUID) (*api.DeletionPreview, error) {
	left, err := r.previewDelete(ctx, by, id, etag.Condition{})
	if errs.Is(err, errs.NotFound) {
		return nil, nil //nolint:nilnil // nothing is left
	}
	return &left, err
}

// deleteBatch runs one transaction of delete, and reports whether the row is deleted. When isLate returns true
// it stops early.
func (r records[Row]) deleteBatch(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, isLate func() bool,
) (done bool, err error) {
	err = r.store.Tx(ctx, func(q db.Querier) error {
		row, err := r.locked(ctx, q, by, id, condition)
		if err != nil {
			return err
		}
		plan, err := r.kind.extent(row).plan(ctx, q)
		if err != nil {
			return err
		}
		c := changer{q: q, log: r.audit, by: by, now: r.now()}
		done, err = (&batch{changer: c, removal: plan, left: r.batch, isLate: isLate}).carryOut(ctx)
		if err != nil || !done || r.kind.remove == nil {
			return err
		}
		if err := r.kind.writeDeleted(ctx, c, []Row{row}); err != nil {
			return err
		}
		rows, err := r.kind.remove(ctx, q, row)
		return mustBe(1, rows, err)
	})
	return done, err
}

// locked calls kind.lock, and then returns what matching does. The error is store.ErrNotFound if there is no such row.
func (r records[Row]) locked(
	ctx context.Context, q db.Querier, by access.Principal, id uuid.UUID, condition etag.Condition,
) (Row, error) {
	rows, err := r.kind.lock(ctx, q, by.TenantID, id)
	if err == nil && rows == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		var none Row
		return none, err
	}
	return r.matching(ctx, q, by, id, condition)
}

// matching returns a row whose version condition allows; errs.StaleVersion if it doesn't.
func (r records[Row]) matching(
	ctx context.Context, q db.Querier, by access.Principal, id uuid.UUID, condition etag.Condition,
) (Row, error) {
	row, err := r.kind.get(ctx, q, by.TenantID, id)
	if err != nil {
		return row, err
	}
	f := r.kind.facts(&row)
	if !condition.Allows(etag.Of(by.TenantID, f.id, *f.version)) {
		return row, errs.Newf(errs.StaleVersion, "The %s has changed since you read it. Read it again and repeat your change.", r.kind.name)
	}
	return row, nil
}

// clientError makes what the store refused into what a client is told.
func (r records[Row]) clientError(err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errs.Newf(errs.NotFound, "There is no such %s.", r.kind.name).Because(err)
	case store.Violates(err, r.kind.codeKey):
		return errs.New(errs.AlreadyExists, r.kind.taken).
			With(errs.Field{Pointer: "/code", Detail: r.kind.taken, Code: "taken"}).Because(err)
	}
	return err
}
