package legacy

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// flushAfter is how long calls are counted in memory before they are written to the database.
	flushAfter   = 10 * time.Second
	flushTimeout = 5 * time.Second

	maxUserAgent = 200
	// Clients choose their user agent. Above these limits, a new one is counted as "(others)" of
	// its tenant. Anonymous clients have their own limits, so that they can't displace
	// authenticated ones.
	maxPending   = 100 // in memory, per tenant and for all anonymous clients
	maxCallers   = 500 // in the database, per tenant
	maxAnonymous = 100 // in the database, for all anonymous clients
	others       = "(others)"

	maxListed = 1000
)

// Calls counts the calls of the predecessor's paths by client, in memory and every 10 seconds in
// the database. If the process crashes, the calls since the last write are lost.
type Calls struct {
	store *store.Store
	log   *slog.Logger
	now   func() time.Time

	mu      sync.Mutex
	pending map[caller]*count
	callers map[group]int // number of callers in pending, by group
	timer   *time.Timer   // set while calls are pending
	closed  bool

	flushing sync.Mutex
}

// group is a set of callers with a common limit: those of a tenant, or all anonymous clients, which
// are stored under the platform's tenant.
type group struct {
	tenantID  uuid.UUID
	anonymous bool
}

type caller struct {
	group

	operation, userAgent string
}

type count struct {
	calls       int64
	first, last time.Time
}

// NewCalls returns Calls that stores counts in s. The caller must call Close.
func NewCalls(s *store.Store, log *slog.Logger, now func() time.Time) *Calls {
	return &Calls{store: s, log: log, now: now, pending: make(map[caller]*count), callers: make(map[group]int)}
}

// Note counts a call of an operation by its old path. Calls without authentication count for the
// platform's tenant.
func (c *Calls) Note(by access.Principal, operation, userAgent string) {
	who := caller{group: group{tenantID: by.HomeTenantID}, operation: operation, userAgent: cut(userAgent)}
	if who.tenantID == uuid.Nil {
		who.group = group{tenantID: access.PlatformTenantID, anonymous: true}
	}
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(who, count{calls: 1, first: now, last: now})
	if c.timer == nil && !c.closed {
		c.timer = time.AfterFunc(flushAfter, c.flushInTime)
	}
}

func (c *Calls) add(who caller, more count) {
	n := c.pending[who]
	if n == nil && c.callers[who.group] >= maxPending {
		who.userAgent = others
		n = c.pending[who]
	}
	if n == nil {
		c.pending[who] = &more
		c.callers[who.group]++
		return
	}
	n.calls += more.calls
	if more.first.Before(n.first) {
		n.first = more.first
	}
	if more.last.After(n.last) {
		n.last = more.last
	}
}

// List returns the callers, at most 1000, the latest first. It includes pending calls.
func (c *Calls) List(ctx context.Context) ([]db.ListLegacyCallsUnscopedRow, error) {
	if err := c.flush(ctx); err != nil {
		return nil, err
	}
	return c.store.ListLegacyCallsUnscoped(ctx, db.ListLegacyCallsUnscopedParams{Limit: maxListed})
}

// Close writes the pending calls to the database. Later calls may be lost.
func (c *Calls) Close() {
	c.mu.Lock()
	c.closed = true
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	c.flushInTime()
}

func (c *Calls) flushInTime() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	if err := c.flush(ctx); err != nil {
		c.log.WarnContext(ctx, "calls of deprecated paths could not be stored; the server tries again", "error", err)
	}
}

// flush writes the pending calls to the database. After an error the rest stays pending.
func (c *Calls) flush(ctx context.Context) error {
	c.flushing.Lock()
	defer c.flushing.Unlock()
	c.mu.Lock()
	moving := c.pending
	c.pending, c.callers, c.timer = make(map[caller]*count), make(map[group]int), nil
	c.mu.Unlock()
	for who, n := range moving {
		err := c.store.Tx(ctx, func(tx store.Tx) error { return record(ctx, tx, who, *n) })
		if store.BreaksReference(err) {
			err = nil // the tenant was deleted
		}
		if err != nil {
			c.putBack(moving)
			return err
		}
		delete(moving, who)
	}
	return nil
}

func (c *Calls) putBack(calls map[caller]*count) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for who, n := range calls {
		c.add(who, *n)
	}
	if c.timer == nil && !c.closed {
		c.timer = time.AfterFunc(flushAfter, c.flushInTime)
	}
}

// record adds to the count of a caller, or to that of "(others)" if its group is full.
func record(ctx context.Context, q db.Querier, who caller, n count) error {
	added, err := increase(ctx, q, who, n)
	if err != nil || added {
		return err
	}
	callers, err := q.CountLegacyCallers(ctx, db.CountLegacyCallersParams{TenantID: who.tenantID})
	if err != nil {
		return err
	}
	limit := int64(maxCallers)
	if who.anonymous {
		limit = maxAnonymous
	}
	if callers >= limit {
		who.userAgent = others
		if added, err := increase(ctx, q, who, n); err != nil || added {
			return err
		}
	}
	err = q.InsertLegacyCalls(ctx, db.InsertLegacyCallsParams{
		TenantID: who.tenantID, Operation: who.operation, UserAgent: who.userAgent, Calls: n.calls, FirstCalledAt: n.first, LastCalledAt: n.last,
	})
	if store.BreaksUniqueness(err) {
		return store.ErrStale // another instance inserted the row first; retry and add to it
	}
	return err
}

func increase(ctx context.Context, q db.Querier, who caller, n count) (bool, error) {
	rows, err := q.AddLegacyCalls(ctx, db.AddLegacyCallsParams{
		More: n.calls, CalledAt: n.last, TenantID: who.tenantID, Operation: who.operation, UserAgent: who.userAgent,
	})
	return rows > 0, err
}

// cut truncates s to the length of its column.
func cut(s string) string {
	if runes := []rune(s); len(runes) > maxUserAgent {
		return string(runes[:maxUserAgent])
	}
	return s
}
