package admission

import (
	"sync/atomic"
	"time"

	"github.com/tenantry/tenantry/internal/access"
)

const (
	// slowAfter is how long light work may hold its place until its operation counts as slow.
	slowAfter = time.Second
	// slowMemory is how long an operation counts as slow after that.
	slowMemory = 10 * time.Second
)

// Pace knows whether the requests of one operation have lately held their places for long, as when a table is locked. The
// zero Pace is that of a fast operation.
type Pace struct{ slowUntil atomic.Int64 } // nanoseconds since 1970

// WorkNow returns the kind of work that light work is at the moment.
func (p *Pace) WorkNow(work access.Work) access.Work {
	if work == access.WorkLight && time.Now().UnixNano() < p.slowUntil.Load() {
		return access.WorkSlow
	}
	return work
}

// Watch begins when a request has its place. The caller stops the timer when the request gives the place back.
func (p *Pace) Watch() *time.Timer { return time.AfterFunc(slowAfter, p.note) }

func (p *Pace) note() { p.slowUntil.Store(time.Now().Add(slowMemory).UnixNano()) }
