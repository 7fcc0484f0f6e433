package auth

import (
	"sync"
	"time"
)

const (
	// maxAttempts is roughly how many counters each instance may keep in the table.
	maxAttempts = 1_000_000
	// minRetention is the longest delay, so that no counter is deleted while its delay lasts.
	minRetention = 15 * time.Minute
)

// growth measures how many counters of failed attempts were added in this minute and in the one
// before. If very many are added, counters are kept for less than 24 hours.
type growth struct {
	mu            sync.Mutex
	minute        int64
	added, before int // in this minute and in the one before
}

// retention records that counters were added, and returns how long to keep counters: 15 minutes to
// 24 hours.
func (g *growth) retention(now time.Time, added int) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch minute := now.Unix() / 60; minute - g.minute {
	case 0:
	case 1:
		g.minute, g.added, g.before = minute, 0, g.added
	default:
		g.minute, g.added, g.before = minute, 0, 0
	}
	g.added += added
	minutes := maxAttempts / max(g.added, g.before, 1)
	return min(max(time.Duration(minutes)*time.Minute, minRetention), failuresForgotten)
}
