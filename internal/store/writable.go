package store

import (
	"errors"
	"sync/atomic"
	"time"
)

const (
	// unwritableRetry is the Retry-After of changes that a full disk or a read-only server refuses.
	unwritableRetry = 5 * time.Second
	// unwritableMemory is how long a refusal counts. Only changes show whether the database takes them, and there may be none for a while.
	unwritableMemory = 30 * time.Second
)

// refusal is that of a change, because the database takes none.
type refusal struct {
	at    time.Time
	cause error
}

// refusals remembers whether the database takes changes.
type refusals struct{ last atomic.Pointer[refusal] }

// note remembers how a transaction has ended.
func (r *refusals) note(err error) {
	if errors.Is(err, errUnwritable) {
		r.last.Store(&refusal{time.Now(), err})
	}
}

// Writable returns why the database has refused a change within the last 30 seconds, because its disk is full or it is
// read-only; nil if it hasn't.
func (s *Store) Writable() error {
	last := s.refusals.last.Load()
	if last == nil || time.Since(last.at) > unwritableMemory {
		return nil
	}
	return last.cause
}
