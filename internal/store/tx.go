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

	// lockWait is how many seconds a statement waits for a lock, and maxLockTimeouts how often a transaction does.
	lockWait        = "5"
	maxLockTimeouts = 2
	// commitTimeout is longer than lockWait, because statements that are sent with a commit may wait for locks.
	commitTimeout = 10 * time.Second
)

// Tx runs f in a transaction: all that f does through q happens, or nothing. It is rolled back when f returns an error or
// panics, or ctx ends, also after the client has gone away.
//
// f returns every error of q: after one, engines disagree about what else of the transaction would count.
//
// f runs again, from the start, when the database had to give up for the sake of another transaction (serialization
// failure, deadlock, lock time-out) or f returns ErrStale. So f must not change anything outside of q that it can't
// change twice. After 12 attempts in vain, or two time-outs of 5 seconds,
// the error is errs.Unavailable.
//
// In a request nothing is committed if the principal has lost the right to the request: Tx calls
// access.StillAllowedIn before each attempt and before the commit, and returns its error. It asks again only if
// the last answer is older than a second.
func (s *Store) Tx(ctx context.Context, f func(q db.Querier) error) error {
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
			// f itself may have ended the right, as a log-out does. The committed state decides.
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
		// The jitter keeps transactions that collided from doing so again.
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return translateContext(ctx.Err())
		}
		pause = min(2*pause, longestPause)
	}
}

// try runs f in one transaction. The error is errNotAllowed if confirm refuses, after f and before the commit.
func (s *Store) try(ctx context.Context, f func(q db.Querier) error, confirm func(context.Context, db.Querier) error) (err error) {
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
		// On a context of its own, because ctx may be why we are here. An error is of no use to
		// anybody: the connection is thrown away, and the server rolls back.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = t.rollback(ctx)
	}()
	q := s.tracing.observedIn(span, t.querier())
	if err := f(q); err != nil {
		return err
	}
	if err := confirm(ctx, q); err != nil {
		return fmt.Errorf("%w: %w", errNotAllowed, err)
	}
	// f needn't have noticed that ctx has ended.
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
