package auth

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
)

// waitingRequests records which of the requests in a queue were admitted or refused.
type waitingRequests struct {
	*queue

	mu              sync.Mutex
	admitted, fired []string
}

// arrive adds a request of a party after all earlier ones.
func (c *waitingRequests) arrive(ctx context.Context, party string) {
	go func() {
		err := c.enter(ctx, party)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil {
			c.fired = append(c.fired, party)
		} else {
			c.admitted = append(c.admitted, party)
		}
	}()
	synctest.Wait()
}

func TestPartiesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &waitingRequests{queue: newQueue(1)}
		for _, party := range []string{"a", "a", "a", "a", "b", "b", "c"} {
			c.arrive(t.Context(), party)
		}
		for range 7 {
			c.leave()
			synctest.Wait()
		}
		if want := []string{"a", "a", "b", "c", "a", "b", "a"}; !slices.Equal(c.admitted, want) {
			t.Errorf("%q were admitted, want %q", c.admitted, want)
		}
		if c.free != 1 || c.waiting != 0 || len(c.lines) != 0 {
			t.Errorf("%d places are free and %d wait, want 1 and 0", c.free, c.waiting)
		}
	})
}

func TestPartyWithTheMostWaitingMakesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &waitingRequests{queue: newQueue(1)}
		for range 1 + maxWaiting + 2 {
			c.arrive(t.Context(), "many")
		}
		if len(c.fired) != 2 {
			t.Fatalf("%d were refused, want the 2 that don't fit into the queue", len(c.fired))
		}
		c.arrive(t.Context(), "one")
		if len(c.fired) != 3 || c.fired[2] != "many" || c.waiting != maxWaiting {
			t.Fatalf("%q were refused, and %d wait", c.fired, c.waiting)
		}
		c.leave()
		c.leave()
		synctest.Wait()
		if got := c.admitted[1:]; !slices.Contains(got, "one") {
			t.Errorf("%q were admitted, want the party's one request among them", got)
		}
	})
}

func TestPartyOfTheSameSizeIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &waitingRequests{queue: newQueue(1)}
		for i := range 1 + maxWaiting {
			c.arrive(t.Context(), fmt.Sprint(i))
		}
		c.arrive(t.Context(), "late")
		if !slices.Equal(c.fired, []string{"late"}) {
			t.Errorf("%q were refused, want only the last one", c.fired)
		}
	})
}

func TestPartyOf(t *testing.T) {
	t.Parallel()
	tenant := uuid.New()
	one, two := access.Principal{UserID: uuid.New(), HomeTenantID: tenant}, access.Principal{UserID: uuid.New(), HomeTenantID: tenant, TenantID: uuid.New()}
	if partyOf(one, "192.0.2.1") != partyOf(two, "192.0.2.2") {
		t.Error("two users of a tenant are two parties")
	}
	stranger := access.Principal{}
	if partyOf(stranger, "2001:db8:0:1::1") != partyOf(stranger, "2001:db8:0:ffff::1") || partyOf(stranger, "2001:db8::1") == partyOf(stranger, "2001:db8:1::1") {
		t.Error("want one party for an IPv6 subscriber and two for two subscribers")
	}
	if partyOf(stranger, "192.0.2.1") == partyOf(stranger, "192.0.2.2") {
		t.Error("two IPv4 addresses are one party")
	}
}
