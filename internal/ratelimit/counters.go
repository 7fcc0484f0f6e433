package ratelimit

import (
	"sync"
	"time"

	"github.com/tenantry/tenantry/internal/bounded"
)

// maxSubjects bounds the memory that counting takes: 200,000 are some 20 MB.
const maxSubjects = 200_000

type subjectID [16]byte

type counter struct{ window, count int64 }

// counters counts in memory, for a bounded number of subjects. A count is lost early only when very many others come within the same minute.
type counters struct {
	now func() time.Time

	mu    sync.Mutex
	known *bounded.Map[subjectID, counter]
}

func newCounters(subjects int, now func() time.Time) *counters {
	// What nobody has touched for a period is of past windows.
	return &counters{now: now, known: bounded.NewMap[subjectID, counter](subjects, Period)}
}

// add counts one more, and returns how many there are in this window now.
func (c *counters) add(id subjectID, window int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, _, _ := c.known.Get(id)
	switch found.window {
	case window, window + 1: // it may have waited while others saw the next window begin
		found.count++
	default:
		found = counter{window, 1}
	}
	c.known.Put(id, found, c.now())
	return found.count
}

// raise makes the count of a window as high as count, if it is lower.
func (c *counters) raise(id subjectID, window, count int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, _, _ := c.known.Get(id); found.window == window && found.count < count {
		c.known.Put(id, counter{window, count}, c.now())
	}
}
