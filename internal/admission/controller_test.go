package admission_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
	"github.com/tenantry/tenantry/internal/errs"
)

func newTenant() admission.Key { return admission.Tenant(uuid.New()) }

// withoutQueue returns limits with which no request waits.
func withoutQueue(total, perKey int) *admission.Controller {
	return admission.NewController(admission.Limits{Total: total, PerKey: perKey})
}

// takes returns how many places a key gets without waiting.
func takes(t *testing.T, c *admission.Controller, key admission.Key) int {
	t.Helper()
	gone, leave := context.WithCancel(t.Context())
	leave()
	n := 0
	for c.Enter(gone, key) == nil {
		n++
	}
	return n
}

func TestKeysLeavePlacesForOthers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		total, perKey int
		takes         []int // places that each key gets, in this order
	}{
		{20, 0, []int{16, 3, 1, 0}},
		{20, 2, []int{2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 0}},
		{8, 0, []int{6, 1, 1, 0}},
		{4, 2, []int{2, 1, 1, 0}},
		{2, 0, []int{1, 1, 0}},
		{1, 0, []int{1, 0}},
	} {
		c := withoutQueue(test.total, test.perKey)
		for i, want := range test.takes {
			if got := takes(t, c, newTenant()); got != want {
				t.Errorf("%d places, %d for each: key %d took %d, want %d", test.total, test.perKey, i+1, got, want)
			}
		}
	}
}

func TestReturnedPlaceIsAssignedAgain(t *testing.T) {
	t.Parallel()
	c, tenant, address := withoutQueue(8, 0), newTenant(), admission.Network("192.0.2.1")
	first := takes(t, c, tenant)
	for range first {
		c.Leave(tenant)
	}
	if again := takes(t, c, address); again != first {
		t.Errorf("%d places are available after %d were returned", again, first)
	}
}

func TestWaitersAreAdmittedInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.NewController(admission.Limits{Total: 2, Waiting: 3, Timeout: time.Minute})
		key := newTenant()
		if err := c.Enter(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		in := make(chan int, 3)
		for i := range 3 {
			go func() {
				if err := c.Enter(t.Context(), key); err != nil {
					t.Error(err)
				}
				in <- i
			}()
			synctest.Wait()
		}
		if err := c.Enter(t.Context(), key); !errs.Is(err, errs.Busy) {
			t.Errorf("a fourth waiting request got %v, want %s at once", err, errs.Busy)
		}
		for want := range 3 {
			c.Leave(key)
			if got := <-in; got != want {
				t.Errorf("request %d was admitted, want %d", got, want)
			}
		}
		c.Leave(key)
	})
}

// The waiting key that holds the fewest places is next, even if another key has more waiting
// requests.
func TestQuietKeyIsNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.NewController(admission.Limits{Total: 4, Waiting: 50, Timeout: time.Minute})
		hostile, other, quiet := newTenant(), newTenant(), newTenant()
		in := make(chan admission.Key, 100)
		enter := func(key admission.Key) {
			go func() {
				if c.Enter(t.Context(), key) == nil {
					in <- key
				}
			}()
			synctest.Wait()
		}
		for range 50 {
			enter(hostile) // three are admitted
		}
		enter(other)
		for range 4 {
			<-in
		}
		enter(quiet)
		if len(in) != 0 {
			t.Fatal("a request was admitted although no place is free")
		}
		c.Leave(hostile)
		synctest.Wait()
		if next := <-in; next != quiet || len(in) != 0 {
			t.Error("the place didn't go to the key that holds none")
		}
	})
}

// Keys that hold the same number of places take turns, so an endless queue of one doesn't block
// another.
func TestKeysTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.NewController(admission.Limits{Total: 2, Waiting: 50, Timeout: time.Minute})
		first, second, quiet := newTenant(), newTenant(), newTenant()
		in := make(chan admission.Key, 100)
		enter := func(key admission.Key) {
			go func() {
				if c.Enter(t.Context(), key) == nil {
					in <- key
				}
			}()
			synctest.Wait()
		}
		for range 10 {
			enter(first)
			enter(second) // one of each is admitted
		}
		enter(quiet)
		for range 3 {
			c.Leave(<-in) // in the order of admission
			synctest.Wait()
		}
		for range len(in) {
			if <-in == quiet {
				return
			}
		}
		t.Error("two keys with endless queues took all places that became free")
	})
}

func TestWaitEndsWithItsTimeoutOrTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const waitTimeout = 5 * time.Second
		c := admission.NewController(admission.Limits{Total: 1, Waiting: 10, Timeout: waitTimeout})
		holder, waiter := newTenant(), newTenant()
		if err := c.Enter(t.Context(), holder); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := c.Enter(t.Context(), waiter); !errs.Is(err, errs.Busy) || time.Since(start) != waitTimeout {
			t.Errorf("%v after %s, want %s after %s", err, time.Since(start), errs.Busy, waitTimeout)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if err := c.Enter(gone, waiter); !errors.Is(err, context.Canceled) {
			t.Errorf("a client that disconnected: %v", err)
		}
		late, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Enter(late, waiter); !errs.Is(err, errs.Busy) {
			t.Errorf("a request whose time limit is over: %v", err)
		}
		c.Leave(holder)
		if err := c.Enter(t.Context(), waiter); err != nil {
			t.Errorf("requests that gave up still block others: %v", err)
		}
	})
}

func TestNoPlaceIsLost(t *testing.T) {
	t.Parallel()
	c := admission.NewController(admission.Limits{Total: 5, PerKey: 2, Waiting: 1000, Timeout: time.Minute})
	keys := []admission.Key{newTenant(), newTenant(), newTenant(), newTenant()}
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			for n := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if (i+n)%3 == 0 {
					go cancel() // concurrently with Leave
				}
				if key := keys[(i+n)%len(keys)]; c.Enter(ctx, key) == nil {
					c.Leave(key)
				}
				cancel()
			}
		})
	}
	all.Wait()
	for i, want := range []int{2, 2, 1} {
		if got := takes(t, c, keys[i]); got != want {
			t.Errorf("key %d gets %d places, want %d", i, got, want)
		}
	}
}

func TestWorkTakesItsShare(t *testing.T) {
	t.Parallel()
	shares, tenant := admission.NewShares(20), newTenant()
	held := func() (n [4]int) {
		for i, s := range shares.Stats() {
			n[i] = s.Held
		}
		return n
	}
	for _, test := range []struct {
		work access.Work
		want [4]int
	}{
		{access.WorkNone, [4]int{}},
		{access.WorkLight, [4]int{1, 0, 0, 0}},
		{access.WorkHeavy, [4]int{1, 1, 0, 0}},
		{access.WorkStream, [4]int{0, 0, 0, 1}},
		{access.WorkSlow, [4]int{1, 0, 1, 0}},
	} {
		if err := shares.Enter(t.Context(), test.work, tenant); err != nil {
			t.Fatal(err)
		}
		if got := held(); got != test.want {
			t.Errorf("%s holds %v, want %v", test.work, got, test.want)
		}
		if shares.Leave(test.work, tenant); held() != [4]int{} {
			t.Errorf("after %s places are taken: %v", test.work, held())
		}
	}
}

func TestAdmissionAllocatesNothingWhenThereIsRoom(t *testing.T) {
	shares, tenant := admission.NewShares(20), newTenant()
	n := testing.AllocsPerRun(100, func() {
		if shares.Enter(t.Context(), access.WorkLight, tenant) == nil {
			shares.Leave(access.WorkLight, tenant)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEnterLeave(b *testing.B) {
	shares := admission.NewShares(20)
	b.RunParallel(func(pb *testing.PB) {
		tenant := newTenant()
		for pb.Next() {
			if shares.Enter(b.Context(), access.WorkLight, tenant) == nil {
				shares.Leave(access.WorkLight, tenant)
			}
		}
	})
}
