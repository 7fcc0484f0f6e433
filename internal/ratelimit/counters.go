package ratelimit

import (
	"sync"
	"time"

	"github.com/tenantry/tenantry/internal/bounded"
)

// maxSubjects limits the memory for counters: 200,000 take about 20 MB.
const maxSubjects = 200_000

type subjectID [16]byte

type counter struct{ window, count int64 }

// counters counts in memory for a bounded number of subjects. A counter is lost early only if very
// many others are added within a minute.
type counters struct {
	now func() time.Time

	mu    sync.Mutex
	known *bounded.Map[subjectID, counter]
}

func newCounters(subjects int, now func() time.Time) *counters {
	// A counter that wasn't used for a period belongs to a past window.
	return &counters{now: now, known: bounded.NewMap[subjectID, counter](subjects, Period)}
}

// add counts one request, and returns the number in this window.
func (c *counters) add(id subjectID, window int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, _, _ := c.known.Get(id)
	switch found.window {
	case window, window + 1: // another goroutine may have begun the next window
		found.count++
	default:
		found = counter{window, 1}
	}
	c.known.Put(id, found, c.now())
	return found.count
}

// raise sets the counter of a window to count, if it is lower.
func (c *counters) raise(id subjectID, window, count int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, _, _ := c.known.Get(id); found.window == window && found.count < count {
		c.known.Put(id, counter{window, count}, c.now())
	}
}
