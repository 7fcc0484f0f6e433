package auth

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tenantry/tenantry/internal/errs"
)

const (
	// maxWaiting is how many requests may wait to be let in. It bounds memory: each of them takes some kilobytes.
	maxWaiting = 256
	// patience is how long a request waits. It slows down clients that ignore Retry-After. It is shorter than
	// the two seconds within which a silent database has to be noticed.
	patience = 1500 * time.Millisecond
	// comeBackAfter is the Retry-After of a refused request.
	comeBackAfter = 2 * time.Second
)

// queue lets a bounded number of requests in at a time. The others wait, in a line for each party, and the
// lines take turns. So a party with many requests slows down only itself: between two requests of another
// party, at most one of its own is let in.
type queue struct {
	mu      sync.Mutex
	free    int     // places; 0 while a request waits
	lines   []*line // none of them is empty; the first one is next
	waiting int     // requests in all lines
}

type line struct {
	party   string
	waiters []*waiter
}

// waiter is a request that waits. told gets one value: true if it is let in, false if it is refused to make
// room for another party.
type waiter struct{ told chan bool }

func newQueue(places int) *queue { return &queue{free: places} }

// enter returns nil when the request is let in; then the caller must call leave. The error is errs.Busy after
// one and a half seconds, or at once if 256 wait and no other party has more waiting requests than this one; or
// that of ctx.
func (q *queue) enter(ctx context.Context, party string) error {
	w, err := q.join(party)
	if err != nil || w == nil {
		return err
	}
	select {
	case admitted := <-w.told:
		if !admitted {
			return tooManyLogins()
		}
		return nil
	case <-time.After(patience):
		err = tooManyLogins()
	case <-ctx.Done():
		err = fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
	q.giveUp(party, w)
	return err
}

// join takes a place and returns nil, or adds a waiter to the party's line and returns it. The error is errs.Busy.
func (q *queue) join(party string) (*waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.free > 0 {
		q.free--
		return nil, nil //nolint:nilnil // the request needn't wait
	}
	own := q.line(party)
	if q.waiting >= maxWaiting {
		longest := slices.MaxFunc(q.lines, func(a, b *line) int { return len(a.waiters) - len(b.waiters) })
		if own != nil && len(own.waiters)+1 >= len(longest.waiters) || len(longest.waiters) == 1 {
			return nil, tooManyLogins()
		}
		newest := longest.waiters[len(longest.waiters)-1]
		q.remove(longest, newest)
		newest.told <- false
	}
	if own == nil {
		own = &line{party: party}
		q.lines = append(q.lines, own)
	}
	w := &waiter{told: make(chan bool, 1)}
	own.waiters = append(own.waiters, w)
	q.waiting++
	return w, nil
}

// leave gives the place to the first waiter of the next line, and moves that line to the end.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) == 0 {
		q.free++
		return
	}
	next := q.lines[0]
	w := next.waiters[0]
	q.lines = append(q.lines[1:], next)
	q.remove(next, w)
	w.told <- true
}

// giveUp removes a waiter. If it was let in at the same moment, its place goes to the next one.
func (q *queue) giveUp(party string, w *waiter) {
	q.mu.Lock()
	select {
	case admitted := <-w.told:
		q.mu.Unlock()
		if admitted {
			q.leave()
		}
	default:
		q.remove(q.line(party), w)
		q.mu.Unlock()
	}
}

func (q *queue) line(party string) *line {
	i := slices.IndexFunc(q.lines, func(l *line) bool { return l.party == party })
	if i < 0 {
		return nil
	}
	return q.lines[i]
}

func (q *queue) remove(l *line, w *waiter) {
	l.waiters = slices.DeleteFunc(l.waiters, func(other *waiter) bool { return other == w })
	q.waiting--
	if len(l.waiters) == 0 {
		q.lines = slices.DeleteFunc(q.lines, func(other *line) bool { return other == l })
	}
}

func tooManyLogins() error {
	return errs.New(errs.Busy, "Too many people are logging in. Try again in a moment.").After(comeBackAfter)
}
