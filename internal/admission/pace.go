package admission

import (
	"sync/atomic"
	"time"

	"github.com/tenantry/tenantry/internal/access"
)

const (
	// slowAfter is how long light work may hold its place before its operation counts as slow.
	slowAfter = time.Second
	// slowMemory is how long an operation then counts as slow.
	slowMemory = 10 * time.Second
)

// Pace records whether an operation's recent requests held their places for long, for example
// because a table is locked. The zero Pace is of a fast operation.
type Pace struct{ slowUntil atomic.Int64 } // Unix time in nanoseconds

// WorkNow returns WorkSlow for light work of a slow operation, and work otherwise.
func (p *Pace) WorkNow(work access.Work) access.Work {
	if work == access.WorkLight && time.Now().UnixNano() < p.slowUntil.Load() {
		return access.WorkSlow
	}
	return work
}

// Watch starts a timer when a request gets its place. The caller stops it when the request returns
// the place.
func (p *Pace) Watch() *time.Timer { return time.AfterFunc(slowAfter, p.note) }

func (p *Pace) note() { p.slowUntil.Store(time.Now().Add(slowMemory).UnixNano()) }
