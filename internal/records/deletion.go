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
	// deletionBatch is the maximum number of rows that a transaction changes, so that others don't
	// wait long for it.
	deletionBatch = 1000
	// deletionStep is the number of rows that are changed between two checks of the time. It is
	// small because a database may be slow.
	deletionStep = 100
	// DeletionTime is the maximum duration of a call of Delete, so that its client doesn't give up.
	DeletionTime = 10 * time.Second
	// DeletionPause is the Retry-After in seconds of a deletion that the next request continues.
	DeletionPause = 1
)

// Below is a resource's own part of a deletion: rows that the standard deletion doesn't handle.
type Below interface {
	// Preview adds the affected rows to the counts.
	Preview(ctx context.Context, q db.Querier, counts *api.DeletionPreview) error
	// CarryOut changes as many rows as fit into the batch, but at least one step, and reports
	// whether none is left. It returns store.ErrStale if the data has changed meanwhile.
	CarryOut(ctx context.Context, b *Batch) (done bool, err error)
}

// PreviewDelete returns how many rows Delete would delete or detach. The errors are those of
// Delete.
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

// Delete deletes a row and everything that depends on it. Each transaction changes up to 1000 rows,
// dependants first, and the last one deletes the row itself. Delete returns nil when nothing is
// left. If it takes longer than 10 seconds, it stops and returns what is left; then, and after any
// error, another call continues.
//
// It returns errs.NotFound, errs.StaleVersion if condition doesn't allow the version at the
// beginning, or the error of access.StillAllowed between two transactions.
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

// rest returns what a deletion still has to delete, or nil if another request has deleted it.
func (s *Service[_, _, _, _]) rest(ctx context.Context, by access.Principal, id uuid.UUID) (*api.DeletionPreview, error) {
	left, err := s.PreviewDelete(ctx, by, id, etag.Condition{})
	if errs.Is(err, errs.NotFound) {
		return nil, nil //nolint:nilnil // nothing is left
	}
	return &left, err
}

// deleteBatch runs one transaction of Delete, and reports whether the row is deleted. It stops
// early when isLate returns true.
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
			return nil // the next transaction deletes the row itself
		}
		return s.resource.Kind.Remove(ctx, b.Change, row)
	})
	return done, s.resource.Kind.ClientError(err)
}

// DependantList returns the references to this kind of rows.
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

// NewBatch returns a batch that changes at most as many rows as LockDependants reads.
func NewBatch(c Change) *Batch {
	return &Batch{Change: c, left: deletionStep, isLate: func() bool { return false }}
}

// Step returns how many rows to change next.
func (b *Batch) Step() int { return min(b.left, deletionStep) }

// Limit returns the limit for lists: one row more than the next step changes, which shows whether
// more rows are left.
func (b *Batch) Limit() int32 { return int32(b.Step()) + 1 } //nolint:gosec // at most the size of a batch

// IsLate reports whether the deletion has taken so long that it should stop.
func (b *Batch) IsLate() bool { return b.isLate() }

// Take returns the rows of the next step, and whether these are all of rows.
func Take[Row any](b *Batch, rows []Row) (taken []Row, all bool) {
	n := min(len(rows), b.Step())
	b.left -= n
	return rows[:n], n == len(rows)
}

// Repeat calls step until it reports that nothing is left, or until the batch is full or late. It
// reports whether nothing is left.
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
