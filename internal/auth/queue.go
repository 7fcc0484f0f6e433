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
	// maxWaiting is how many may wait to be let in. It bounds memory: each of them is a request of some kilobytes.
	maxWaiting = 256
	// patience is how long they wait. It slows down those who try again at once, whatever they are told, so that a refusal costs next to nothing. It ends
	// before the two seconds within which a database that has gone silent is to be noticed.
	patience = 1500 * time.Millisecond
	// comeBackAfter is when those who are refused may try again.
	comeBackAfter = 2 * time.Second
)

// queue lets a bounded number of requests in at a time. The others wait in one line for each party that asks, and the lines take turns:
// so a party with many requests slows down itself, and every other party waits for one of its requests at most.
type queue struct {
	mu      sync.Mutex
	free    int     // places that nobody has; 0 while somebody waits
	lines   []*line // none of them empty; the first one is next
	waiting int
}

type line struct {
	party   string
	waiters []*waiter
}

// waiter is a request that waits. It is told once: true if it is let in, false if it has to make room for another party.
type waiter struct{ told chan bool }

func newQueue(places int) *queue { return &queue{free: places} }

// enter returns nil when the request is let in; then leave must follow. The error is errs.Busy after one and a half seconds, and at once if
// many wait and none of the other parties has more waiting than this one.
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

// join returns nil if there is a place, and else who waits for one.
func (q *queue) join(party string) (*waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.free > 0 {
		q.free--
		return nil, nil //nolint:nilnil // nobody has to wait
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

// leave gives a place to the first of the next line, which then is the last one.
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

// giveUp takes away a waiter who doesn't wait any longer. If it was let in at the same moment, its place goes to the next one.
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
