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
	Missing    string // message for clients if the row doesn't exist
	Constraint string // the foreign key
	ID         func(*Row) *uuid.UUID
	// Fits reports whether the row may refer to the row with this id. It may return
	// store.ErrNotFound.
	Fits func(ctx context.Context, q db.Querier, row *Row, id uuid.UUID) (bool, error)
}

// Check returns an errs.UnknownReference that names every field whose row doesn't exist or doesn't
// fit. It checks only the references that differ from before, which is nil for a new row. Check
// runs in the transaction that writes the row. The row may be deleted after the check, so the
// foreign keys have the last word; but only this check can name the field on every engine.
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

// brokenField returns the field whose foreign key was violated. It returns none on SQLite, which
// doesn't report the key.
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
