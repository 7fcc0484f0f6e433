package auth

import (
	"sync"
	"time"
)

const (
	// maxAttempts is about how many counts each instance may leave in the table.
	maxAttempts = 1_000_000
	// leastRetention keeps every delay that still lasts.
	leastRetention = 15 * time.Minute
)

// growth knows how many counts were added in the last minutes. Strangers can add as many as they can have passwords compared; when that
// is very many, counts are kept for less than the usual time.
type growth struct {
	mu            sync.Mutex
	minute        int64
	added, before int // in this minute and in the one before
}

// retention adds to the number of counts, and returns how long they are kept.
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
	return min(max(time.Duration(minutes)*time.Minute, leastRetention), failuresForgotten)
}
