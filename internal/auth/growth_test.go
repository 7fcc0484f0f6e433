package auth

import (
	"testing"
	"time"
)

func TestCountersAreKeptForLessTimeWhenManyAreAdded(t *testing.T) {
	t.Parallel()
	var g growth
	now := noon
	for _, test := range []struct {
		advance time.Duration
		added   int
		want    time.Duration
	}{
		{0, 7, 24 * time.Hour},
		{time.Minute, 10_000, 100 * time.Minute},
		{time.Minute, 1, 100 * time.Minute}, // the same number as in the minute before
		{0, 1_000_000, 15 * time.Minute},
		{2 * time.Minute, 1, 24 * time.Hour},
	} {
		now = now.Add(test.advance)
		if got := g.retention(now, test.added); got != test.want {
			t.Errorf("after %d more: kept for %s, want %s", test.added, got, test.want)
		}
	}
}
