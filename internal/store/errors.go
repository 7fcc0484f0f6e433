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
	// ErrNotFound means that the row doesn't exist or belongs to another tenant.
	ErrNotFound = errors.New("no such row")
	// ErrStale means that the row's version isn't the one that was read. Tx then runs again.
	ErrStale = errors.New("the row has changed since it was read")
	// ErrUnreadable means that a column holds a value that Store can't have written. It can't
	// happen on PostgreSQL.
	ErrUnreadable = errors.New("a value is not of its column's type")

	errContended = errors.New("given up for the sake of another transaction")
	// errLockTimeout means that a statement reached its time limit while it waited for a lock.
	errLockTimeout = errors.New("another transaction keeps the lock")
	errReadOnly    = errors.New("the server takes no changes")
	// errUnwritable means that the database refuses changes: its disk is full, or it is read-only.
	errUnwritable = errors.New("the database takes no changes")
	// errNotAllowed means that the principal lost its permission while a transaction ran.
	errNotAllowed = errors.New("not allowed any more")
)

// ConstraintKind is the kind of a violated constraint.
type ConstraintKind string

// The kinds of constraints.
const (
	Unique     ConstraintKind = "unique"
	ForeignKey ConstraintKind = "foreign key"
	Check      ConstraintKind = "check"
)

// Violation is the error for a change that violates a constraint of the database.
type Violation struct {
	Kind ConstraintKind
	// Constraint is the name in sql/migrations, the same on every engine: <table>_<columns>_key for
	// a unique constraint. It is empty for foreign keys on SQLite, which doesn't report the name.
	Constraint string
	cause      error
}

func (v *Violation) Error() string {
	return fmt.Sprintf("%s constraint %q violated: %v", v.Kind, v.Constraint, v.cause)
}

func (v *Violation) Unwrap() error { return v.cause }

// Report names the violated constraint. Unlike the database's own message it quotes no values.
func (v *Violation) Report() string { return fmt.Sprintf("%s constraint %s", v.Kind, v.Constraint) }

// Violates reports whether err is a violation of the unique or check constraint with this name.
func Violates(err error, constraint string) bool {
	var v *Violation
	return errors.As(err, &v) && v.Constraint == constraint
}

// BreaksReference reports whether err is a violation of a foreign key: the row is still referred
// to, or the row that it refers to doesn't exist.
func BreaksReference(err error) bool {
	v, ok := errors.AsType[*Violation](err)
	return ok && v.Kind == ForeignKey
}

// BreaksUniqueness reports whether err is a violation of a unique constraint.
func BreaksUniqueness(err error) bool {
	v, ok := errors.AsType[*Violation](err)
	return ok && v.Kind == Unique
}

// mapper returns a function that makes the error of a named query independent of the engine:
// ErrNotFound, a *Violation, an *errs.Error for an unavailable or slow database, or else the
// driver's own error. Each is wrapped with the query's name.
func mapper(translate func(error) error) func(string, error) error {
	return func(query string, err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("%s: %w", query, translate(err))
	}
}

// translateCommon translates errors that don't depend on the engine. It returns nil for others.
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

// translateContext returns nil if err isn't about a context. It keeps context.Canceled as it is,
// because a client that has gone away gets no answer.
func translateContext(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return tookTooLong(err)
	case errors.Is(err, context.Canceled):
		return err
	}
	return nil
}

// undecided translates the error of a commit. If the answer was lost, the transaction may or may
// not be committed, so it must be neither reported as done nor retried.
func undecided(err error) error {
	if errors.Is(err, errContended) || !errs.Is(err, errs.Unavailable) && !errs.Is(err, errs.Timeout) {
		return err
	}
	return errs.New(errs.Unavailable, "The database did not say whether this was done. Check the current state before you try again.").
		After(time.Second).Because(err)
}
