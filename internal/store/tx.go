package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
)

const (
	maxAttempts     = 12
	firstPause      = 4 * time.Millisecond
	longestPause    = 200 * time.Millisecond
	rollbackTimeout = 5 * time.Second

	// lockWait is the limit in seconds for waiting for a lock. maxLockTimeouts is how many such
	// time-outs a transaction may have.
	lockWait        = "5"
	maxLockTimeouts = 2
	// commitTimeout is longer than lockWait, because statements sent with the commit may wait for
	// locks.
	commitTimeout = 10 * time.Second
)

// Tx runs queries in one transaction. Functions take it instead of a db.Querier if what they do
// takes several statements that must be committed together.
type Tx struct{ db.Querier }

// Tx runs f in a transaction: everything that f does through tx is committed, or nothing is. Tx
// rolls back if f returns an error or panics, or if ctx ends.
//
// f must return every error of tx, because engines differ in what is left of a transaction after an
// error.
//
// Tx runs f again, from the start, if the database aborted the transaction in favour of another one
// (serialization failure, deadlock, lock time-out) or if f returns ErrStale. So f must not have
// side effects outside of tx that can't be repeated. After 12 failed attempts, or two lock
// time-outs of 5 seconds, Tx returns errs.Unavailable.
//
// In a request, Tx commits nothing if the principal has lost the permission for the request: it
// calls access.StillAllowedIn before each attempt and before the commit, and returns its error. It
// asks again only if the last answer is older than a second.
func (s *Store) Tx(ctx context.Context, f func(tx Tx) error) error {
	pause := firstPause
	confirm, lockTimeouts := access.StillAllowedIn, 0
	for attempt := 1; ; attempt++ {
		err := access.StillAllowedIn(ctx, s)
		if err == nil {
			err = s.try(ctx, f, confirm)
			s.refusals.note(err)
		}
		if errors.Is(err, errLockTimeout) {
			lockTimeouts++
		}
		switch {
		case errors.Is(err, errNotAllowed):
			// f itself may have ended the permission, as a log-out does. Only the committed state
			// counts.
			if err := access.StillAllowed(ctx); err != nil {
				return err
			}
			confirm = func(context.Context, db.Querier) error { return nil }
		case errors.Is(err, errReadOnly) && attempt == 1:
		case !retryable(err):
			return err
		case attempt == maxAttempts || lockTimeouts == maxLockTimeouts:
			return contended(err)
		}
		// The jitter prevents transactions that collided from colliding again.
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return translateContext(ctx.Err())
		}
		pause = min(2*pause, longestPause)
	}
}

// try runs f in one transaction. It calls confirm after f and before the commit, and returns
// errNotAllowed if confirm refuses.
func (s *Store) try(ctx context.Context, f func(tx Tx) error, confirm func(context.Context, db.Querier) error) (err error) {
	ctx, span := s.tracing.start(ctx, "transaction", trace.SpanKindInternal)
	defer func() { end(span, err) }()
	t, err := s.database.begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	committed := false
	defer func() {
		if committed {
			return
		}
		// The rollback needs a context of its own, because ctx may have ended. Its error is
		// ignored: the connection is then closed, and the server rolls back.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = t.rollback(ctx)
	}()
	tx := Tx{s.tracing.observedIn(span, t.querier())}
	if err := f(tx); err != nil {
		return err
	}
	if err := confirm(ctx, tx); err != nil {
		return fmt.Errorf("%w: %w", errNotAllowed, err)
	}
	// f may not have noticed that ctx has ended.
	if err := translateContext(ctx.Err()); err != nil {
		return err
	}
	if err := t.commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	return nil
}

func retryable(err error) bool {
	return errors.Is(err, ErrStale) || errors.Is(err, errContended)
}
