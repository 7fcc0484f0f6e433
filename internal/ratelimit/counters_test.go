package ratelimit

import (
	"encoding/binary"
	"sync"
	"testing"
	"time"
)

func subject(n int) (id subjectID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

func TestCountersDropPastWindows(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	c := newCounters(100, func() time.Time { return now })
	for n := range 40 {
		c.add(subject(n), 0)
	}
	now = now.Add(Period)
	c.add(subject(1000), 1)
	now = now.Add(Period)
	c.add(subject(1000), 2)
	if c.known.Len() > 2 {
		t.Errorf("%d subjects are stored after their windows, want 1", c.known.Len())
	}
}

func TestCountersKeepCurrentWindows(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	c := newCounters(100, func() time.Time { return now })
	c.add(subject(0), 7) // the generation begins
	now = now.Add(Period - time.Second)
	c.add(subject(1), 7)
	now = now.Add(2 * time.Second) // the lifetime of the generation is over
	c.add(subject(2), 7)
	now = now.Add(Period - 3*time.Second)
	if n := c.add(subject(1), 7); n != 2 {
		t.Errorf("count is %d, want 2, because the window isn't over", n)
	}
}

func TestCountersAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	c := newCounters(100, func() time.Time { return now })
	for n := range 10_000 {
		c.add(subject(n), 0)
		if c.known.Len() > 100 {
			t.Fatalf("%d subjects, want 100 at most", c.known.Len())
		}
	}
}

func TestNoRequestIsLost(t *testing.T) {
	t.Parallel()
	const each = 50_000
	now := time.Unix(0, 0)
	c := newCounters(100, func() time.Time { return now })
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range each {
				c.add(subject(1), 0)
			}
		})
	}
	wait.Wait()
	if n := c.add(subject(1), 0); n != 4*each+1 {
		t.Errorf("%d are counted, want %d", n, 4*each+1)
	}
}

func TestRaise(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	c := newCounters(100, func() time.Time { return now })
	c.add(subject(1), 7)
	c.raise(subject(1), 7, 5)
	c.raise(subject(1), 7, 3)  // a delayed answer
	c.raise(subject(1), 6, 40) // an answer for a past window
	c.raise(subject(2), 7, 40) // an answer for a subject that was dropped
	if n := c.add(subject(1), 7); n != 6 {
		t.Errorf("%d, want 6", n)
	}
	if n := c.add(subject(1), 6); n != 7 {
		t.Errorf("%d for a request from before the window began, want 7", n)
	}
	if n := c.add(subject(1), 8); n != 1 {
		t.Errorf("%d in the next window, want 1", n)
	}
	if n := c.add(subject(1), 3); n != 1 {
		t.Errorf("%d after the clock was set back, want 1", n)
	}
}
