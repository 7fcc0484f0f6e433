package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/store"
)

// creators are clients that create companies until they are stopped, on one or more instances. They
// continue after a 503.
type creators struct {
	t       testing.TB
	token   string
	ending  chan struct{}
	created chan struct{}
	running sync.WaitGroup
	refused atomic.Int64 // answers of 503

	mu           sync.Mutex
	acknowledged map[string]bool
}

// lastCode makes all codes unique. So a conflict means that a request was executed twice.
var lastCode atomic.Int64

// startCreators starts this many creators on each instance.
func startCreators(token string, each int, instances ...*process) *creators {
	w := &creators{
		t: instances[0].t, token: token, ending: make(chan struct{}), created: make(chan struct{}), acknowledged: map[string]bool{},
	}
	for _, p := range instances {
		for range each {
			w.running.Go(func() { w.write(p) })
		}
	}
	return w
}

func (w *creators) write(p *process) {
	for !w.t.Failed() {
		select {
		case <-w.ending:
			return
		default:
		}
		r, err := p.try(http.MethodPost, companiesPath, fmt.Sprintf(`{"code":"W%d","name":"Company"}`, lastCode.Add(1)), bearer(w.token))
		switch {
		case err != nil:
			w.t.Errorf("no reply: %v", err)
		case r.status == http.StatusServiceUnavailable && r.header.Get("Retry-After") != "":
			w.refused.Add(1)
		case r.status != http.StatusCreated:
			w.t.Errorf("status %d, want 201 or 503 with Retry-After: %s", r.status, r.body)
		default:
			w.mu.Lock()
			w.acknowledged[strings.TrimPrefix(r.header.Get("Location"), companiesPath+"/")] = true
			w.mu.Unlock()
			select {
			case w.created <- struct{}{}:
			default:
			}
		}
	}
}

// awaitMore waits until n more companies have been created.
func (w *creators) awaitMore(n int) {
	w.t.Helper()
	deadline := time.After(patience)
	for range n {
		select {
		case <-w.created:
		case <-deadline:
			w.t.Fatal("no more companies are created")
		}
	}
}

// stop ends the creators and returns the acknowledged ids.
func (w *creators) stop() map[string]bool {
	close(w.ending)
	w.running.Wait()
	return w.acknowledged
}

// mustHoldAll fails the test unless the databases together have every acknowledged company exactly
// once, and each company has one audit entry.
func mustHoldAll(t *testing.T, engine store.Engine, tenantID uuid.UUID, acknowledged map[string]bool, databaseURLs ...string) {
	t.Helper()
	times := map[string]int{}
	for _, databaseURL := range databaseURLs {
		companies, created := companiesInDatabase(t, engine, databaseURL, tenantID)
		if diff := cmp.Diff(companies, created); diff != "" {
			t.Errorf("companies (-) and their audit entries (+) don't match:\n%s", diff)
		}
		for id, n := range companies {
			times[id] += n
		}
	}
	for id := range acknowledged {
		if times[id] != 1 {
			t.Errorf("company %s was acknowledged, but exists %d times, want once", id, times[id])
		}
	}
	if len(acknowledged) == 0 {
		t.Error("no company was acknowledged")
	}
}
