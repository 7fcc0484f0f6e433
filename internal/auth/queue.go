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
	// maxWaiting is how many requests may wait for admission. It bounds memory: each takes some
	// kilobytes.
	maxWaiting = 256
	// admissionTimeout is how long a request waits. The wait slows down clients that ignore
	// Retry-After. It is shorter than the two seconds within which an unresponsive database has to
	// be detected.
	admissionTimeout = 1500 * time.Millisecond
	// retryAfter is the Retry-After of a refused request.
	retryAfter = 2 * time.Second
)

// queue limits the number of requests that are admitted at a time. The others wait in one line per
// party, and the lines are served in turn. So a party with many requests delays only itself:
// between two requests of another party, at most one of its own is admitted.
type queue struct {
	mu      sync.Mutex
	free    int     // places; 0 while requests wait
	lines   []*line // not empty; the first is served next
	waiting int     // requests in all lines
}

type line struct {
	party   string
	waiters []*waiter
}

// waiter is a waiting request. admitted receives one value: true if the request is admitted, false
// if it is refused to make room for another party.
type waiter struct{ admitted chan bool }

func newQueue(places int) *queue { return &queue{free: places} }

// enter waits for a place. If it returns nil, the caller must call leave. It returns errs.Busy
// after one and a half seconds, or at once if 256 requests wait and no other party has more waiting
// requests than this one. If ctx ends first, it returns the error of ctx.
func (q *queue) enter(ctx context.Context, party string) error {
	w, err := q.join(party)
	if err != nil || w == nil {
		return err
	}
	select {
	case admitted := <-w.admitted:
		if !admitted {
			return tooManyLogins()
		}
		return nil
	case <-time.After(admissionTimeout):
		err = tooManyLogins()
	case <-ctx.Done():
		err = fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
	q.giveUp(party, w)
	return err
}

// join takes a free place and returns nil, or adds a waiter to the party's line and returns it. If
// the queue is full, it returns errs.Busy.
func (q *queue) join(party string) (*waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.free > 0 {
		q.free--
		return nil, nil //nolint:nilnil // nil means that the request is admitted
	}
	own := q.line(party)
	if q.waiting >= maxWaiting {
		longest := slices.MaxFunc(q.lines, func(a, b *line) int { return len(a.waiters) - len(b.waiters) })
		if own != nil && len(own.waiters)+1 >= len(longest.waiters) || len(longest.waiters) == 1 {
			return nil, tooManyLogins()
		}
		newest := longest.waiters[len(longest.waiters)-1]
		q.remove(longest, newest)
		newest.admitted <- false
	}
	if own == nil {
		own = &line{party: party}
		q.lines = append(q.lines, own)
	}
	w := &waiter{admitted: make(chan bool, 1)}
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
	w.admitted <- true
}

// giveUp removes a waiter. If it was admitted at the same moment, its place goes to the next one.
func (q *queue) giveUp(party string, w *waiter) {
	q.mu.Lock()
	select {
	case admitted := <-w.admitted:
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
	return errs.New(errs.Busy, "Too many people are logging in. Try again in a moment.").After(retryAfter)
}
