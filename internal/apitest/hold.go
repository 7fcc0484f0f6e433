package apitest

import (
	"context"
	"sync"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/invalidation"
)

// sessionQuery is the query that reads a session's permissions.
const sessionQuery = "GetSessionState"

// holds are the requests that a test wants to pause, by their X-Request-Id.
type holds struct {
	mu   sync.Mutex
	list map[string]*Hold
}

// Hold is a request that pauses at one of its queries until the test releases it. Only queries
// outside transactions count.
type Hold struct {
	Reached <-chan struct{} // closed when the request is paused

	at      func(ctx context.Context, query string) (before, after bool)
	reached chan struct{}
	once    sync.Once
	release chan struct{}
}

// Release resumes the request. It may be called more than once.
func (h *Hold) Release() { h.once.Do(func() { close(h.release) }) }

// HoldAt pauses the request with an X-Request-Id before or after its first query for which at
// returns true. The end of the test releases it, too.
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

// HoldAfterLastLook pauses the request with an X-Request-Id after the last check of its session
// before the handler.
func (a *App) HoldAfterLastLook(t testing.TB, requestID string) *Hold {
	t.Helper()
	checks := 0
	a.Sessions.Changed(t.Context(), invalidation.Everybody) // empties the cache, so that each check is a query
	return a.HoldAt(t, requestID, func(ctx context.Context, query string) (before, after bool) {
		if query != sessionQuery {
			return false, false
		}
		checks++
		if access.RequestFrom(ctx).Operation.Spec.RequestBody == nil || checks == 2 {
			return false, true
		}
		a.Sessions.Changed(ctx, invalidation.Everybody)
		return false, false
	})
}

// observe is called at every query outside a transaction.
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
