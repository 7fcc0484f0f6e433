package records

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// deletionBatch is how many rows a transaction changes at most, so that others don't wait long
	// for it.
	deletionBatch = 1000
	// deletionStep is how many rows are changed between two looks at the clock. It is small because
	// a database may be slow.
	deletionStep = 100
	// DeletionTime is how long a call of Delete takes at most, so that its client doesn't give up.
	DeletionTime = 10 * time.Second
	// DeletionPause is the Retry-After of a deletion that goes on with the next request, in
	// seconds.
	DeletionPause = 1
)

// Below is what goes with a row in a way of its own.
type Below interface {
	// Preview adds what is there to the counts.
	Preview(ctx context.Context, q db.Querier, counts *api.DeletionPreview) error
	// CarryOut changes as much of it as fits into the batch, at least one step, and reports whether
	// nothing is left. The error is store.ErrStale if something has changed meanwhile.
	CarryOut(ctx context.Context, b *Batch) (done bool, err error)
}

// PreviewDelete says what Delete would take with it. The error is as there.
func (s *Service[_, _, _, _]) PreviewDelete(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition,
) (api.DeletionPreview, error) {
	row, err := s.resource.Kind.Matching(ctx, s.Store, by.TenantID, id, condition)
	if err != nil {
		return api.DeletionPreview{}, err
	}
	var counts api.DeletionPreview
	Count(&counts, s.resource.Kind.Plural, 1)
	if err := s.resource.Kind.Preview(ctx, s.Store, by.TenantID, id, &counts); err != nil {
		return api.DeletionPreview{}, err
	}
	if s.rules.Below == nil {
		return counts, nil
	}
	return counts, s.rules.Below(&row).Preview(ctx, s.Store, &counts)
}

// Delete removes a row and all that goes with it. Each transaction changes up to 1000 rows, from
// below, and the last one removes the row itself. It returns nil when nothing is left. If it takes
// longer than 10 seconds, it stops and returns what is left: then, and after any error, another
// call continues.
//
// The error is errs.NotFound, errs.StaleVersion if condition doesn't allow its version at the
// beginning, or that of access.StillAllowed between two transactions.
func (s *Service[_, _, _, _]) Delete(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition,
) (*api.DeletionPreview, error) {
	until := s.Now().Add(DeletionTime)
	isLate := func() bool { return !s.Now().Before(until) }
	done, err := s.deleteBatch(ctx, by, id, condition, isLate)
	if err != nil {
		return nil, err
	}
	for !done {
		if isLate() {
			return s.rest(ctx, by, id)
		}
		if err := access.StillAllowed(ctx); err != nil {
			return nil, err
		}
		done, err = s.deleteBatch(ctx, by, id, etag.Condition{}, isLate)
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
func (s *Service[_, _, _, _]) rest(ctx context.Context, by access.Principal, id uuid.UUID) (*api.DeletionPreview, error) {
	left, err := s.PreviewDelete(ctx, by, id, etag.Condition{})
	if errs.Is(err, errs.NotFound) {
		return nil, nil //nolint:nilnil // nothing is left
	}
	return &left, err
}

// deleteBatch runs one transaction of Delete, and reports whether the row is deleted. When isLate
// returns true it stops early.
func (s *Service[Row, _, _, _]) deleteBatch(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, isLate func() bool,
) (done bool, err error) {
	err = s.Store.Tx(ctx, func(tx store.Tx) error {
		dependants := s.resource.Kind.DependantList()
		if s.resource.Kind.Lock == nil {
			if err := LockDependants(ctx, tx, by.TenantID, id, dependants); err != nil {
				return err
			}
		}
		row, err := s.locked(ctx, tx, by, id, condition)
		if err != nil {
			return err
		}
		b := &Batch{Change: s.Change(tx, by), left: s.BatchSize(), isLate: isLate}
		if done, err = b.Dependants(ctx, dependants, id); err != nil || !done {
			return err
		}
		if s.rules.Below != nil {
			if done, err = s.rules.Below(&row).CarryOut(ctx, b); err != nil || !done {
				return err
			}
		}
		if done = b.left > 0; !done {
			return nil // the row itself is for the next transaction
		}
		return s.resource.Kind.Remove(ctx, b.Change, row)
	})
	return done, s.resource.Kind.ClientError(err)
}

// DependantList returns what refers to the rows.
func (k Kind[Row]) DependantList() []Dependant {
	if k.Dependants == nil {
		return nil
	}
	return k.Dependants()
}

// Batch is the part of a deletion that one transaction carries out.
type Batch struct {
	Change

	left   int // how many rows it may still change
	isLate func() bool
}

// NewBatch returns a batch that changes at most as many rows as LockDependants looks at.
func NewBatch(c Change) *Batch {
	return &Batch{Change: c, left: deletionStep, isLate: func() bool { return false }}
}

// Step returns how many rows to change next.
func (b *Batch) Step() int { return min(b.left, deletionStep) }

// Limit is the limit for lists: one row more than the next step changes, to see whether more is
// left.
func (b *Batch) Limit() int32 { return int32(b.Step()) + 1 } //nolint:gosec // at most the size of a batch

// IsLate reports whether the deletion has taken so long that it should stop.
func (b *Batch) IsLate() bool { return b.isLate() }

// Take returns the rows of the next step, and whether rows has no more.
func Take[Row any](b *Batch, rows []Row) (taken []Row, all bool) {
	n := min(len(rows), b.Step())
	b.left -= n
	return rows[:n], n == len(rows)
}

// Repeat calls step until it reports that nothing is left, or the batch is full or late. done means
// that nothing is left.
func (b *Batch) Repeat(step func() (all bool, err error)) (done bool, err error) {
	for {
		all, err := step()
		if all || err != nil {
			return all, err
		}
		if b.left == 0 || b.isLate() {
			return false, nil
		}
	}
}
