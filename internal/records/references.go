package records

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

const missing = "A field of the request names something that does not exist."

// Reference is a field that names another row.
type Reference[Row any] struct {
	Pointer    string
	Missing    string // what a client is told if the row isn't there
	Constraint string // the foreign key
	ID         func(*Row) *uuid.UUID
	// Fits reports whether the row with this id may be named. The error may be store.ErrNotFound.
	Fits func(ctx context.Context, q db.Querier, row *Row, id uuid.UUID) (bool, error)
}

// Check returns an errs.UnknownReference that names every field whose row isn't there. It looks
// only at what before doesn't name; before is nil for a new row. It runs in the transaction that
// writes the fields. The foreign keys decide, as a row may go right after it was found, but not
// every engine says which one it was.
func (k Kind[Row]) Check(ctx context.Context, q db.Querier, before, now *Row) error {
	var broken []errs.Field
	for _, r := range k.References {
		id := r.ID(now)
		if id == nil || before != nil && Same(r.ID(before), id) {
			continue
		}
		fits, err := r.Fits(ctx, q, now, *id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if !fits || err != nil {
			broken = append(broken, r.field())
		}
	}
	if len(broken) == 0 {
		return nil
	}
	return errs.New(errs.UnknownReference, missing).With(broken...)
}

func (r Reference[Row]) field() errs.Field {
	return errs.Field{Pointer: r.Pointer, Detail: r.Missing, Code: "unknown_reference"}
}

// brokenField returns the field whose foreign key the database refused; none on SQLite, which
// doesn't say.
func (k Kind[Row]) brokenField(err error) []errs.Field {
	for _, r := range k.References {
		if store.Violates(err, r.Constraint) {
			return []errs.Field{r.field()}
		}
	}
	return nil
}

// Same reports whether two references name the same row, or none.
func Same(a, b *uuid.UUID) bool {
	return a == b || a != nil && b != nil && *a == *b
}
