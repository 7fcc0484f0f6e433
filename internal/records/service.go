package records

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/store"
)

// Parts are the dependencies of the services of resources.
type Parts struct {
	Store   *store.Store
	Audit   *audit.Log
	Cursors *paging.Cursors
	Now     func() time.Time
	NewID   func() uuid.UUID
	// Batch is the maximum number of rows that a transaction of a deletion changes; 0 means 1000.
	Batch int
}

// Change returns the Change for a transaction.
func (p Parts) Change(tx store.Tx, by access.Principal) Change {
	return Change{Tx: tx, Log: p.Audit, By: by, Now: p.Now()}
}

// BatchSize returns the maximum number of rows that a transaction of a deletion changes.
func (p Parts) BatchSize() int {
	if p.Batch == 0 {
		return deletionBatch
	}
	return p.Batch
}

// Resource is a kind with the conversions of requests to rows.
type Resource[Row, Create, Update, Params any] struct {
	Kind Kind[Row]
	// New returns a row with the fields of a request. It doesn't set derived columns and those that
	// every kind has.
	New   func(Create) Row
	Apply func(*Row, Update) // copies the fields that are in the request into the row
	List  func(ctx context.Context, p Parts, by access.Principal, in Params) (paging.Page[Row], error)
}

// Rules are the rules of a resource that its description doesn't contain. Each may be nil.
type Rules[Row any] struct {
	// Check returns an error if a new row (before is nil) or a change isn't allowed. It runs in the
	// transaction, after the references were checked and before anything is written. It may change
	// after.
	Check func(ctx context.Context, q db.Querier, before, after *Row) error
	// Admit calls add, which inserts a row, if the tenant may have one more row. Before it, the
	// transaction has only locked the row's company.
	Admit func(ctx context.Context, q db.Querier, tenantID uuid.UUID, add func() error) error
	// Below returns the resource's own part of the deletion of a row, in addition to the references
	// with on_delete. It may change the row; then it sets the new version in it.
	Below func(*Row) Below
}

// Service implements the standard operations of a resource.
type Service[Row, Create, Update, Params any] struct {
	Parts

	resource Resource[Row, Create, Update, Params]
	rules    Rules[Row]
}

// New returns the service of a resource.
func New[Row, Create, Update, Params any](
	r Resource[Row, Create, Update, Params], p Parts, rules Rules[Row],
) *Service[Row, Create, Update, Params] {
	return &Service[Row, Create, Update, Params]{Parts: p, resource: r, rules: rules}
}

// Get returns a row of the tenant, or errs.NotFound.
func (s *Service[Row, _, _, _]) Get(ctx context.Context, by access.Principal, id uuid.UUID) (Row, error) {
	return s.resource.Kind.Find(ctx, s.Store, by.TenantID, id)
}

// List returns a page of the tenant's rows. It returns errs.InvalidCursor if the cursor isn't of
// this list.
func (s *Service[Row, _, _, Params]) List(ctx context.Context, by access.Principal, in Params) (paging.Page[Row], error) {
	return s.resource.List(ctx, s.Parts, by, in)
}

// Create returns the new row. It returns errs.UnknownReference if a referenced row doesn't exist,
// errs.AlreadyExists if a unique key is taken, or the error of a rule.
func (s *Service[Row, Create, _, _]) Create(ctx context.Context, by access.Principal, in Create) (Row, error) {
	row := s.resource.New(in)
	now := s.Now()
	columns := s.resource.Kind.Columns(&row)
	*columns.TenantID, *columns.ID, *columns.Version = by.TenantID, s.NewID(), 1
	*columns.CreatedAt, *columns.UpdatedAt = now, now
	var added Row
	err := s.Store.Tx(ctx, func(tx store.Tx) error {
		added = row
		if err := s.check(ctx, tx, nil, &added); err != nil {
			return err
		}
		s.resource.Kind.Derive(&added)
		add := func() error { return s.resource.Kind.Add(ctx, s.Change(tx, by), added) }
		if s.rules.Admit == nil {
			return add()
		}
		// The insert may be sent with a later statement of Admit, so the refusal may come from
		// there.
		if err := s.rules.Admit(ctx, tx, by.TenantID, add); err != nil {
			return s.resource.Kind.refused(err)
		}
		return nil
	})
	if err != nil {
		var none Row
		return none, s.resource.Kind.ClientError(err)
	}
	return added, nil
}

// Update changes the fields that are in the request and returns the updated row. It returns
// errs.NotFound, errs.StaleVersion if condition doesn't allow the version, or the errors of Create.
func (s *Service[Row, _, Update, _]) Update(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, in Update,
) (Row, error) {
	return s.UpdateAnd(ctx, by, id, condition, in, func(Change, Row) error { return nil })
}

// UpdateAnd is like Update, but also calls then in the transaction, after the row was written or
// found unchanged.
func (s *Service[Row, _, Update, _]) UpdateAnd(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, in Update, then func(Change, Row) error,
) (Row, error) {
	var after Row
	err := s.Store.Tx(ctx, func(tx store.Tx) error {
		before, err := s.locked(ctx, tx, by, id, condition)
		if err != nil {
			return err
		}
		after = before
		s.resource.Apply(&after, in)
		if err := s.check(ctx, tx, &before, &after); err != nil {
			return err
		}
		c := s.Change(tx, by)
		if err := s.resource.Kind.Save(ctx, c, s.resource.Kind.Name+".update", before, &after); err != nil {
			return err
		}
		return then(c, after)
	})
	if err != nil {
		var none Row
		return none, s.resource.Kind.ClientError(err)
	}
	return after, nil
}

func (s *Service[Row, _, _, _]) check(ctx context.Context, q db.Querier, before, after *Row) error {
	if err := s.resource.Kind.Check(ctx, q, before, after); err != nil {
		return err
	}
	if s.rules.Check == nil {
		return nil
	}
	return s.rules.Check(ctx, q, before, after)
}

// locked locks the company of a row, and then returns the result of Kind.Matching.
func (s *Service[Row, _, _, _]) locked(
	ctx context.Context, q db.Querier, by access.Principal, id uuid.UUID, condition etag.Condition,
) (Row, error) {
	if s.resource.Kind.Lock != nil {
		rows, err := s.resource.Kind.Lock(ctx, q, by.TenantID, id)
		if err == nil && rows == 0 {
			err = s.resource.Kind.ClientError(store.ErrNotFound)
		}
		if err != nil {
			var none Row
			return none, err
		}
	}
	return s.resource.Kind.Matching(ctx, q, by.TenantID, id, condition)
}
