package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/tenantry/tenantry/internal/errs"
)

var (
	// ErrNotFound means that there is no such row, or that it is another tenant's.
	ErrNotFound = errors.New("no such row")
	// ErrStale means that a row has another version than the one that was read. Tx then starts over.
	ErrStale = errors.New("the row has changed since it was read")
	// ErrUnreadable means that a column holds what nobody wrote through a Store. PostgreSQL doesn't allow that.
	ErrUnreadable = errors.New("a value is not of its column's type")

	errContended = errors.New("given up for the sake of another transaction")
	// errLockTimeout means that a statement has waited for a lock for as long as it may.
	errLockTimeout = errors.New("another transaction keeps the lock")
	errReadOnly    = errors.New("the server takes no changes")
	// errUnwritable means that the database takes no changes: its disk is full, or it is read-only.
	errUnwritable = errors.New("the database takes no changes")
	// errNotAllowed means that the principal lost their right while a transaction ran.
	errNotAllowed = errors.New("not allowed any more")
)

// ConstraintKind is the kind of rule that a Violation broke.
type ConstraintKind string

// The kinds of constraint.
const (
	Unique     ConstraintKind = "unique"
	ForeignKey ConstraintKind = "foreign key"
	Check      ConstraintKind = "check"
)

// Violation is a change that the database refused.
type Violation struct {
	Kind ConstraintKind
	// Constraint is the name in sql/migrations, the same on every engine: <table>_<columns>_key for a unique one.
	// SQLite doesn't say which foreign key it was: then it is empty.
	Constraint string
	cause      error
}

func (v *Violation) Error() string {
	return fmt.Sprintf("%s constraint %q violated: %v", v.Kind, v.Constraint, v.cause)
}

func (v *Violation) Unwrap() error { return v.cause }

// Report says what was violated, without the values that the database's own message quotes.
func (v *Violation) Report() string { return fmt.Sprintf("%s constraint %s", v.Kind, v.Constraint) }

// Violates reports whether err is a violation of the unique or check constraint of this name.
func Violates(err error, constraint string) bool {
	var v *Violation
	return errors.As(err, &v) && v.Constraint == constraint
}

// BreaksReference reports whether a row couldn't be deleted because another one refers to it, or couldn't be written because
// what it refers to is missing.
func BreaksReference(err error) bool {
	v, ok := errors.AsType[*Violation](err)
	return ok && v.Kind == ForeignKey
}

// BreaksUniqueness reports whether a row couldn't be written because another one is the same in what must be unique.
func BreaksUniqueness(err error) bool {
	v, ok := errors.AsType[*Violation](err)
	return ok && v.Kind == Unique
}

// mapper makes the error of a named query independent of the engine: ErrNotFound, a *Violation, an *errs.Error for what
// is down or late, or the driver's own, each wrapped with the query's name.
func mapper(translate func(error) error) func(string, error) error {
	return func(query string, err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("%s: %w", query, translate(err))
	}
}

// translateCommon knows the errors that don't depend on the engine; it returns nil for others.
func translateCommon(err error) error {
	if e := translateContext(err); e != nil {
		return e
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, errSilent) {
		return unavailable(err)
	}
	return nil
}

// translateContext returns nil if err isn't about a context. A client that went away gets no answer, so
// context.Canceled stays as it is.
func translateContext(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return late(err)
	case errors.Is(err, context.Canceled):
		return err
	}
	return nil
}

// undecided makes of the error of a commit what is known then. If its answer was lost, nobody knows whether it has happened:
// it must be neither reported as done nor tried again.
func undecided(err error) error {
	if errors.Is(err, errContended) || !errs.Is(err, errs.Unavailable) && !errs.Is(err, errs.Timeout) {
		return err
	}
	return errs.New(errs.Unavailable, "The database did not say whether this was done. Look before you try again.").
		After(time.Second).Because(err)
}
