package store

import (
	"errors"
	"sync/atomic"
	"time"
)

const (
	// unwritableRetry is the Retry-After of changes that fail because of a full disk or a read-only
	// server.
	unwritableRetry = 5 * time.Second
	// unwritableMemory is how long a refused change counts. Only changes show whether the database
	// accepts them, and there may be none for a while.
	unwritableMemory = 30 * time.Second
)

// refusal records a change that the database refused.
type refusal struct {
	at    time.Time
	cause error
}

// refusals remembers whether the database accepts changes.
type refusals struct{ last atomic.Pointer[refusal] }

// note records the outcome of a transaction.
func (r *refusals) note(err error) {
	if errors.Is(err, errUnwritable) {
		r.last.Store(&refusal{time.Now(), err})
	}
}

// Writable returns an error if the database has refused a change within the last 30 seconds because
// its disk is full or it is read-only. It returns nil otherwise.
func (s *Store) Writable() error {
	last := s.refusals.last.Load()
	if last == nil || time.Since(last.at) > unwritableMemory {
		return nil
	}
	return last.cause
}
