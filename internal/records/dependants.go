package records

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
)

// Dependant is a reference from rows of one kind to rows of another kind.
type Dependant struct {
	// step deletes or detaches the next rows that refer to a row, and reports whether these were
	// the last.
	step func(ctx context.Context, b *Batch, id uuid.UUID) (all bool, err error)
	// companies returns the companies whose rows the next step changes.
	companies func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) ([]uuid.UUID, error)
}

// List returns up to limit rows that refer to a row, in the order of their ids.
type List[Row any] func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID, limit int32) ([]Row, error)

// Cascade returns a reference whose rows are deleted together with the row that they refer to.
// remove deletes the referring rows up to the id last.
func Cascade[Row any](
	k Kind[Row], list List[Row], remove func(ctx context.Context, q db.Querier, tenantID, id, last uuid.UUID) (int64, error),
) Dependant {
	return Dependant{
		companies: companiesOf(k, list, k.DependantList),
		step: func(ctx context.Context, b *Batch, id uuid.UUID) (all bool, err error) {
			rows, err := list(ctx, b.Tx, b.By.TenantID, id, b.Limit())
			if err != nil {
				return false, err
			}
			below := k.DependantList()
			free, all, err := Free(ctx, b, below, rows, func(row *Row) uuid.UUID { return *k.Columns(row).ID })
			if err != nil || len(free) == 0 {
				return all, err
			}
			if len(below) > 0 { // rows below may be of the same kind, so their deletion may have changed these rows
				if free, err = list(ctx, b.Tx, b.By.TenantID, id, int32(len(free))); err != nil { //nolint:gosec // at most a step
					return false, err
				}
			}
			if err := k.WriteDeleted(ctx, b.Change, free); err != nil {
				return false, err
			}
			deleted, err := remove(ctx, b.Tx, b.By.TenantID, id, *k.Columns(&free[len(free)-1]).ID)
			return all, MustBe(len(free), deleted, err)
		},
	}
}

// Detach returns a reference that is set to null, by release, when the row that it names is
// deleted.
func Detach[Row any](k Kind[Row], list List[Row], release func(*Row)) Dependant {
	return Dependant{
		companies: companiesOf(k, list, func() []Dependant { return nil }),
		step: func(ctx context.Context, b *Batch, id uuid.UUID) (all bool, err error) {
			rows, err := list(ctx, b.Tx, b.By.TenantID, id, b.Limit())
			if err != nil {
				return false, err
			}
			rows, all = Take(b, rows)
			for _, before := range rows {
				after := before
				release(&after)
				if err := k.Save(ctx, b.Change, k.Name+".update", before, &after); err != nil {
					return false, err
				}
			}
			return all, nil
		},
	}
}

// Dependants deletes or detaches the rows that refer to a row, and reports whether none is left.
func (b *Batch) Dependants(ctx context.Context, list []Dependant, id uuid.UUID) (done bool, err error) {
	for _, d := range list {
		done, err := b.Repeat(func() (bool, error) { return d.step(ctx, b, id) })
		if err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// Free is like Take, but first calls Batch.Dependants for each row. It returns the rows that
// nothing refers to any more. all is false if rows has more, or if something still refers to one of
// them.
func Free[Row any](
	ctx context.Context, b *Batch, list []Dependant, rows []Row, id func(*Row) uuid.UUID,
) (free []Row, all bool, err error) {
	if len(list) == 0 {
		free, all = Take(b, rows)
		return free, all, nil
	}
	step := b.Step()
	for i := range rows {
		if i == step || i > 0 && b.isLate() {
			return rows[:i], false, nil
		}
		done, err := b.Dependants(ctx, list, id(&rows[i]))
		if err != nil {
			return nil, false, err
		}
		if !done || b.left == 0 {
			return rows[:i], false, nil
		}
		b.left--
	}
	return rows, true, nil
}

// LockDependants locks the companies whose rows the next steps for a row change. Nobody else can
// then change the companies or anything below them. The caller must take no other lock before.
func LockDependants(ctx context.Context, q db.Querier, tenantID, id uuid.UUID, list []Dependant) error {
	ids, err := companiesBelow(ctx, q, tenantID, id, list)
	if err != nil {
		return err
	}
	return LockCompanies(ctx, q, tenantID, ids)
}

// LockCompanies locks those of the companies that exist. It always locks them in the order of their
// ids, which prevents deadlocks. It ignores the zero id.
func LockCompanies(ctx context.Context, q db.Querier, tenantID uuid.UUID, ids []uuid.UUID) error {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range slices.Compact(ids) {
		if id == uuid.Nil {
			continue
		}
		if _, err := q.LockCompany(ctx, db.LockCompanyParams{TenantID: tenantID, ID: id}); err != nil {
			return err
		}
	}
	return nil
}

func companiesBelow(ctx context.Context, q db.Querier, tenantID, id uuid.UUID, list []Dependant) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	for _, d := range list {
		more, err := d.companies(ctx, q, tenantID, id)
		if err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	return ids, nil
}

// companiesOf returns a function for Dependant.companies. dependants returns the references to the
// rows of list, which the same step changes.
func companiesOf[Row any](
	k Kind[Row], list List[Row], dependants func() []Dependant,
) func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) ([]uuid.UUID, error) {
	return func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) ([]uuid.UUID, error) {
		below := dependants()
		if k.Lock == nil && len(below) == 0 {
			return nil, nil
		}
		rows, err := list(ctx, q, tenantID, id, deletionStep)
		if err != nil {
			return nil, err
		}
		var ids []uuid.UUID
		for i := range rows {
			c := k.Columns(&rows[i])
			if k.Lock != nil { // rows below belong to the same company
				ids = append(ids, c.CompanyID)
				continue
			}
			more, err := companiesBelow(ctx, q, tenantID, *c.ID, below)
			if err != nil {
				return nil, err
			}
			ids = append(ids, more...)
		}
		return ids, nil
	}
}

// Counter counts the rows of a kind that are deleted, or lose a reference, together with a row,
// directly or indirectly.
type Counter struct {
	Name string // the plural of the kind, with "_detached" for rows that only lose a reference
	Rows func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (int64, error)
}

// Preview adds the rows that Counters count to counts.
func (k Kind[Row]) Preview(ctx context.Context, q db.Querier, tenantID, id uuid.UUID, counts *api.DeletionPreview) error {
	for _, c := range k.Counters {
		n, err := c.Rows(ctx, q, tenantID, id)
		if err != nil {
			return err
		}
		Count(counts, c.Name, n)
	}
	return nil
}

// Count adds n to a count.
func Count(counts *api.DeletionPreview, name string, n int64) {
	switch name {
	case "companies":
		counts.Companies += n
	case "branches":
		counts.Branches += n
	case "departments":
		counts.Departments += n
	case "users_detached":
		counts.UsersDetached += n
	default:
		if n == 0 {
			return
		}
		if counts.Others == nil {
			counts.Others = map[string]int64{}
		}
		counts.Others[name] += n
	}
}
