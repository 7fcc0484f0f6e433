package ratelimit

import (
	"sync"
	"time"
)

// maxSubjects bounds the memory that counting takes: 200,000 are some 20 MB.
const maxSubjects = 200_000

type subjectID [16]byte

type counter struct{ window, count int64 }

// counters counts in memory, for a bounded number of subjects. There are two generations: who comes moves into the younger
// one, and the elder one goes as a whole, when a period is over or the younger one is full. So a count is lost early only
// when very many others come within the same minute, and nothing has to be cleaned up.
type counters struct {
	mu            sync.Mutex
	now           func() time.Time
	perGeneration int
	young, old    map[subjectID]counter
	youngSince    time.Time
}

func newCounters(subjects int, now func() time.Time) *counters {
	return &counters{now: now, perGeneration: subjects / 2, young: map[subjectID]counter{}, youngSince: now()}
}

// add counts one more, and returns how many there are in this window now.
func (c *counters) add(id subjectID, window int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := c.get(id)
	switch found.window {
	case window, window + 1: // it may have waited while others saw the next window begin
		found.count++
	default:
		found = counter{window, 1}
	}
	c.young[id] = found
	return found.count
}

// raise makes the count of a window as high as count, if it is lower.
func (c *counters) raise(id subjectID, window, count int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.get(id); found.window == window && found.count < count {
		c.young[id] = counter{window, count}
	}
}

// get returns what is known of a subject, and makes room for it in the younger generation.
func (c *counters) get(id subjectID) counter {
	now := c.now()
	found, ok := c.young[id]
	if !ok {
		found = c.old[id]
		if len(c.young) >= c.perGeneration {
			c.age(now)
		}
	}
	// After a period without rotation what nobody has touched since the last one is of past windows.
	if now.Sub(c.youngSince) >= Period {
		c.age(now)
	}
	return found
}

func (c *counters) age(now time.Time) {
	c.old, c.young, c.youngSince = c.young, map[subjectID]counter{}, now
}

// size is how many subjects there are.
func (c *counters) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.young) + len(c.old)
}
