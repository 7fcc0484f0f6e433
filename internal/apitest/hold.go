package apitest

import (
	"context"
	"sync"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/invalidation"
)

// looking is the query that finds out what a session may do.
const looking = "GetSessionState"

// holds are the requests that wait for a test, by their X-Request-Id.
type holds struct {
	mu   sync.Mutex
	list map[string]*Hold
}

// Hold is a request that waits for a test at one of its queries, of those that are no part of a
// transaction.
type Hold struct {
	Reached <-chan struct{} // closed when it waits

	at      func(ctx context.Context, query string) (before, after bool)
	reached chan struct{}
	once    sync.Once
	release chan struct{}
}

// Release lets the request go on. It may be called more than once.
func (h *Hold) Release() { h.once.Do(func() { close(h.release) }) }

// HoldAt makes the request with an X-Request-Id wait at the first of its queries for which at
// returns true: before the query, or after it. It is released at the end of the test at the latest.
func (a *App) HoldAt(t testing.TB, requestID string, at func(ctx context.Context, query string) (before, after bool)) *Hold {
	t.Helper()
	h := &Hold{at: at, reached: make(chan struct{}), release: make(chan struct{})}
	h.Reached = h.reached
	a.holds.mu.Lock()
	defer a.holds.mu.Unlock()
	if a.holds.list == nil {
		a.holds.list = map[string]*Hold{}
	}
	a.holds.list[requestID] = h
	t.Cleanup(h.Release)
	return h
}

// HoldAfterLastLook makes the request with an X-Request-Id wait after its principal was looked up
// for the last time before the handler.
func (a *App) HoldAfterLastLook(t testing.TB, requestID string) *Hold {
	t.Helper()
	looks := 0
	a.Sessions.Changed(t.Context(), invalidation.Everybody) // so that the looks are queries, and not memories
	return a.HoldAt(t, requestID, func(ctx context.Context, query string) (before, after bool) {
		if query != looking {
			return false, false
		}
		looks++
		if access.RequestFrom(ctx).Operation.Spec.RequestBody == nil || looks == 2 {
			return false, true
		}
		a.Sessions.Changed(ctx, invalidation.Everybody)
		return false, false
	})
}

// observe is told of every query that is no part of a transaction.
func (a *App) observe(ctx context.Context, query string) (context.Context, func(error)) {
	id := access.RequestFrom(ctx).ID
	a.holds.mu.Lock()
	h := a.holds.list[id]
	a.holds.mu.Unlock()
	if h == nil {
		return ctx, func(error) {}
	}
	before, after := h.at(ctx, query)
	if !before && !after {
		return ctx, func(error) {}
	}
	a.holds.mu.Lock()
	delete(a.holds.list, id)
	a.holds.mu.Unlock()
	wait := func(error) {
		close(h.reached)
		<-h.release
	}
	if before {
		wait(nil)
		return ctx, func(error) {}
	}
	return ctx, wait
}
