// Package admission limits how many database connections, and how much heavy work, a tenant may use
// at the same time.
package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
)

// retryAfter is the Retry-After of a refused request.
const retryAfter = 2 * time.Second

// Key identifies whose limit a request counts towards: a tenant's, or a network's for anonymous
// clients.
type Key struct {
	tenant  uuid.UUID
	network string
}

// Tenant returns the key of a tenant.
func Tenant(id uuid.UUID) Key { return Key{tenant: id} }

// Network returns the key of anonymous requests from a network.
func Network(network string) Key { return Key{network: network} }

// Limits are the limits for one kind of work.
type Limits struct {
	Total   int // places for all keys together
	PerKey  int // maximum places of one key; 0: only the rule of Controller applies
	Waiting int // maximum waiting requests of one key
	// Timeout is how long a request waits for a place before it is refused.
	Timeout time.Duration
}

// maxHeldPerFree is how many places a key may hold per free place. If no other key holds any, that
// is four fifths of all.
const maxHeldPerFree = 4

// Controller assigns places to work of one kind. A key may hold four times as many places as are
// free, so each key gets fewer the more keys there are. The last free place is reserved for a key
// that holds none.
type Controller struct {
	limits Limits

	mu      sync.Mutex
	free    int
	held    map[Key]int // only keys that hold a place
	queues  []*queue    // keys with waiting requests; the key that was served last is at the end
	waits   int64
	refused int64
}

// queue has the waiting requests of one key, the oldest first. It is never empty.
type queue struct {
	key     Key
	waiters []chan struct{} // closed when the request gets its place
}

// NewController returns a controller with all places free.
func NewController(limits Limits) *Controller {
	return &Controller{limits: limits, free: limits.Total, held: map[Key]int{}}
}

// Enter takes a place for a request of this key, and waits for one if necessary. If it returns nil,
// the caller must call Leave with the same key. It returns errs.Busy if no place becomes free in
// time or too many requests wait already, or context.Canceled.
func (c *Controller) Enter(ctx context.Context, key Key) error {
	return c.enter(ctx, key, c.limits.Timeout)
}

func (c *Controller) enter(ctx context.Context, key Key, waitTimeout time.Duration) error {
	c.mu.Lock()
	own := c.queueOf(key)
	if own == nil && c.admits(key) {
		c.take(key)
		c.mu.Unlock()
		return nil
	}
	if own != nil && len(own.waiters) >= c.limits.Waiting || c.limits.Waiting == 0 {
		c.refused++
		c.mu.Unlock()
		return busy()
	}
	if own == nil {
		own = &queue{key: key}
		c.queues = append(c.queues, own)
	}
	ready := make(chan struct{})
	own.waiters = append(own.waiters, ready)
	c.waits++
	c.mu.Unlock()
	return c.await(ctx, key, ready, waitTimeout)
}

func (c *Controller) await(ctx context.Context, key Key, ready chan struct{}, waitTimeout time.Duration) error {
	timer := time.NewTimer(waitTimeout)
	defer timer.Stop()
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
	case <-timer.C:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.giveUp(key, ready) {
		return nil // the place was assigned at the same moment
	}
	c.refused++
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return fmt.Errorf("wait for a place: %w", err)
	}
	return busy()
}

// Leave returns a place.
func (c *Controller) Leave(key Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free++
	if c.held[key]--; c.held[key] == 0 {
		delete(c.held, key)
	}
	for c.admitNext() {
	}
}

func (c *Controller) admits(key Key) bool {
	held := c.held[key]
	if held == 0 {
		return c.free > 0
	}
	return held < maxHeldPerFree*(c.free-1) && (c.limits.PerKey == 0 || held < c.limits.PerKey)
}

func (c *Controller) take(key Key) {
	c.held[key]++
	c.free--
}

// admitNext assigns a place to the waiting key that holds the fewest, and reports whether there was
// one.
func (c *Controller) admitNext() bool {
	if len(c.queues) == 0 {
		return false
	}
	next := slices.MinFunc(c.queues, func(a, b *queue) int { return c.held[a.key] - c.held[b.key] })
	if !c.admits(next.key) {
		return false
	}
	c.take(next.key)
	ready := next.waiters[0]
	c.toBack(next)
	c.remove(next, 0)
	close(ready)
	return true
}

// toBack moves a queue behind others whose keys hold equally few places.
func (c *Controller) toBack(q *queue) {
	i := slices.Index(c.queues, q)
	c.queues = append(slices.Delete(c.queues, i, i+1), q)
}

// giveUp removes a request from its queue. It returns false if the request already has a place.
func (c *Controller) giveUp(key Key, ready chan struct{}) bool {
	own := c.queueOf(key)
	if own == nil {
		return false
	}
	i := slices.Index(own.waiters, ready)
	if i < 0 {
		return false
	}
	c.remove(own, i)
	return true
}

func (c *Controller) remove(from *queue, i int) {
	from.waiters = slices.Delete(from.waiters, i, i+1)
	if len(from.waiters) == 0 {
		c.queues = slices.DeleteFunc(c.queues, func(q *queue) bool { return q == from })
	}
}

func (c *Controller) queueOf(key Key) *queue {
	for _, q := range c.queues {
		if q.key == key {
			return q
		}
	}
	return nil
}

func busy() error {
	return errs.New(errs.Busy, "Too many requests are running at the same time. Try again in a moment.").After(retryAfter)
}

// Stats is the state of a controller.
type Stats struct {
	Work    access.Work
	Total   int
	Held    int
	Waiting int
	Waits   int64 // requests that had to wait, since start-up
	Refused int64 // refused requests, since start-up
}

func (c *Controller) stats(work access.Work) Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{Work: work, Total: c.limits.Total, Held: c.limits.Total - c.free, Waits: c.waits, Refused: c.refused}
	for _, q := range c.queues {
		s.Waiting += len(q.waiters)
	}
	return s
}
