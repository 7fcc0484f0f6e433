package auth

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// limiterTest tries passwords of accounts with a clock that the test controls.
type limiterTest struct {
	*attemptLimiter

	store *store.Store
	at    atomic.Int64
}

func newLimiterTest(t *testing.T, engine store.Engine) *limiterTest {
	t.Helper()
	g := &limiterTest{store: storetest.New(t, engine)}
	g.at.Store(noon.UnixMicro())
	var err error
	if g.attemptLimiter, err = newAttemptLimiter([]byte(secretKey), func() time.Time { return time.UnixMicro(g.at.Load()).UTC() }); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *limiterTest) advance(d time.Duration) { g.at.Add(d.Microseconds()) }

// fail counts a wrong password, or returns the error if the attempt isn't allowed.
func (g *limiterTest) fail(ctx context.Context, email, ip string) error {
	attempt := g.forAccount(email, ip)
	held, err := attempt.allowed(ctx, g.store)
	if err != nil {
		return err
	}
	if held.holds() {
		return held.refusal
	}
	return g.store.Tx(ctx, func(tx store.Tx) error { return attempt.failed(ctx, tx, held) })
}

// wait returns the delay before the next attempt.
func (g *limiterTest) wait(t *testing.T, email, ip string) time.Duration {
	t.Helper()
	held, err := g.forAccount(email, ip).allowed(t.Context(), g.store)
	if held.holds() {
		err = held.refusal
	}
	if err == nil {
		return 0
	}
	if !errs.Is(err, errs.TooManyAttempts) {
		t.Fatal(err)
	}
	return errs.From(err).RetryAfter
}

// failures fails n times and waits for the delay before each.
func (g *limiterTest) failures(t *testing.T, n int, email, ip string) {
	t.Helper()
	for range n {
		g.advance(g.wait(t, email, ip))
		if err := g.fail(t.Context(), email, ip); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDelayDoublesUpToTheLongest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		limit    attemptLimit
		failures int64
		want     time.Duration
	}{
		{perAccountAndAddress, 0, 0},
		{perAccountAndAddress, 5, 0},
		{perAccountAndAddress, 6, time.Second},
		{perAccountAndAddress, 7, 2 * time.Second},
		{perAccountAndAddress, 15, 512 * time.Second},
		{perAccountAndAddress, 16, 15 * time.Minute},
		{perAccountAndAddress, 1 << 62, 15 * time.Minute},
		{perAddress, 100, 0},
		{perAddress, 101, time.Second},
		{perAddress, 107, time.Minute},
		{perAccount, 100, 0},
		{perAccount, 101, time.Second},
		{perAccount, 111, 15 * time.Minute},
	} {
		if got := test.limit.delay(test.failures); got != test.want {
			t.Errorf("%s, %d failures: %s, want %s", test.limit.name, test.failures, got, test.want)
		}
	}
}

func TestGuessingSlowsDown(t *testing.T) {
	t.Parallel()
	const email, here, elsewhere = "a@example.com", "192.0.2.1", "198.51.100.1"
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		t.Run("an account from one address, and no other", func(t *testing.T) {
			g := newLimiterTest(t, engine)
			g.failures(t, 5, email, here)
			for i := range 11 {
				if got := g.wait(t, email, here); i == 0 && got != 0 {
					t.Fatalf("5 failures: %s", got)
				}
				g.failures(t, 1, email, here)
				want := min(time.Second<<i, 15*time.Minute)
				if got := g.wait(t, email, here); got != want {
					t.Errorf("%d failures: %s, want %s", 6+i, got, want)
				}
			}
			if got := g.wait(t, email, elsewhere); got != 0 {
				t.Errorf("from another address: %s; an attacker can lock users out", got)
			}
			if got := g.wait(t, "b@example.com", here); got != 0 {
				t.Errorf("another account has a delay of %s, want none", got)
			}
		})
		t.Run("refused attempts don't count", func(t *testing.T) {
			g := newLimiterTest(t, engine)
			g.failures(t, 6, email, here)
			for range 5 {
				if err := g.fail(t.Context(), email, here); !errs.Is(err, errs.TooManyAttempts) {
					t.Fatalf("error %v", err)
				}
			}
			if got := g.wait(t, email, here); got != time.Second {
				t.Errorf("delay %s, want 1 s", got)
			}
		})
		t.Run("the clock of another instance may be ahead", func(t *testing.T) {
			g := newLimiterTest(t, engine)
			g.failures(t, 1, email, here)
			g.advance(-time.Second)
			if err := g.fail(t.Context(), email, here); err != nil {
				t.Errorf("error %v on the instance whose clock is behind", err)
			}
		})
		t.Run("an address, over all accounts", func(t *testing.T) {
			g := newLimiterTest(t, engine)
			for i := range 107 {
				g.failures(t, 1, fmt.Sprintf("%d@example.com", i), here)
				if got := g.wait(t, email, here); (got > 0) != (i >= 100) {
					t.Errorf("%d failures: %s", i+1, got)
				}
			}
			if got := g.wait(t, email, here); got != time.Minute {
				t.Errorf("delay %s, want the longest of an address", got)
			}
			if got := g.wait(t, "106@example.com", elsewhere); got != 0 {
				t.Errorf("from another address: %s", got)
			}
		})
		t.Run("an account, from all addresses", func(t *testing.T) {
			g := newLimiterTest(t, engine)
			for i := range 101 {
				g.failures(t, 1, email, fmt.Sprintf("203.0.113.%d", i))
			}
			if got := g.wait(t, email, elsewhere); got != time.Second {
				t.Errorf("delay %s, want 1 s", got)
			}
		})
		t.Run("an IPv6 subscriber is one address", func(t *testing.T) {
			g := newLimiterTest(t, engine)
			for i := range 6 {
				g.failures(t, 1, email, fmt.Sprintf("2001:db8:0:1::%x", i))
			}
			for ip, blocked := range map[string]bool{"2001:db8:0:1:ffff::1": true, "2001:db8:0:2::1": false, "2001:db8::": false} {
				if got := g.wait(t, email, ip); (got > 0) != blocked {
					t.Errorf("%s: %s", ip, got)
				}
			}
		})
		t.Run("an IPv4-mapped IPv6 address is the IPv4 address", func(t *testing.T) {
			g := newLimiterTest(t, engine)
			g.failures(t, 6, email, here)
			if got := g.wait(t, email, "::ffff:"+here); got != time.Second {
				t.Errorf("delay %s", got)
			}
		})
		t.Run("until the correct password is given", func(t *testing.T) {
			g := newLimiterTest(t, engine)
			g.failures(t, 20, email, here)
			for i := range 80 {
				g.failures(t, 1, fmt.Sprintf("%d@example.com", i), here)
			}
			g.advance(g.wait(t, email, here))
			succeed := func(tx store.Tx) error { return g.forAccount(email, here).succeeded(t.Context(), tx) }
			if err := g.store.Tx(t.Context(), succeed); err != nil {
				t.Fatal(err)
			}
			g.failures(t, 1, email, here)
			if got := g.wait(t, email, here); got != time.Second {
				t.Errorf("delay %s, want the 1 s of the address, whose 101 failures stay", got)
			}
			if got := g.wait(t, email, elsewhere); got != 0 {
				t.Errorf("from another address: %s", got)
			}
		})
		t.Run("until a day has passed without a failure", func(t *testing.T) {
			g := newLimiterTest(t, engine)
			g.failures(t, 12, email, here)
			g.advance(24 * time.Hour)
			g.failures(t, 1, email, here)
			if got := g.wait(t, email, here); got != 128*time.Second {
				t.Errorf("after exactly a day: %s, want 128 s", got)
			}
			g.advance(24*time.Hour + time.Microsecond)
			g.failures(t, 5, email, here)
			if got := g.wait(t, email, here); got != 0 {
				t.Errorf("after more than a day: %s, want none", got)
			}
		})
	})
}

func TestIPv6SubscriberWithManyNetworksCountsOnce(t *testing.T) {
	t.Parallel()
	const email, elsewhere = "a@example.com", "198.51.100.1"
	for _, width := range []struct {
		from string // a format for the number of a /64
		free int
	}{{"2001:db8:0:%x::1", 20}, {"2001:db8:0:%x00::1", 80}} {
		g := newLimiterTest(t, store.SQLite)
		network := func(i int) string { return fmt.Sprintf(width.from, i) }
		for i := range width.free + 1 {
			g.failures(t, 1, email, network(i))
		}
		if got := g.wait(t, email, network(200)); got != time.Second {
			t.Errorf("%s: delay %s after %d failures in different networks, want 1 s", width.from, got, width.free+1)
		}
		for i := range 100 {
			g.failures(t, 1, email, network(100+i))
		}
		if got := g.wait(t, email, elsewhere); got != 0 {
			t.Errorf("%s: a single subscriber delays others by %s", width.from, got)
		}
	}
}

func TestDelayForAllAddressesExceptsKnownNetworks(t *testing.T) {
	t.Parallel()
	const email, elsewhere = "a@example.com", "198.51.100.1"
	g := newLimiterTest(t, store.SQLite)
	const home, neighbour = "2001:db8:0:1::1", "2001:db8:0:2::1"
	comeHome := func(tx store.Tx) error { return g.forAccount(email, home).rememberNetwork(t.Context(), tx) }
	if err := g.store.Tx(t.Context(), comeHome); err != nil {
		t.Fatal(err)
	}
	for i := range 101 {
		g.failures(t, 1, email, fmt.Sprintf("203.0.113.%d", i))
	}
	for ip, want := range map[string]time.Duration{home: 0, neighbour: 0, elsewhere: time.Second} {
		if got := g.wait(t, email, ip); got != want {
			t.Errorf("%s: delay %s, want %s", ip, got, want)
		}
	}
	for range 6 {
		if err := g.fail(t.Context(), email, home); err != nil {
			t.Fatal(err)
		}
	}
	if got := g.wait(t, email, home); got != time.Second {
		t.Errorf("delay %s at home after six failures there, want 1 s", got)
	}
	g.advance(90*24*time.Hour + time.Microsecond)
	g.failures(t, 101, email, "203.0.113.1")
	for i := range 101 {
		g.failures(t, 1, email, fmt.Sprintf("203.0.113.%d", i))
	}
	if got := g.wait(t, email, home); got == 0 {
		t.Error("no delay in a network whose last log-in was more than 90 days ago")
	}
}

func TestConcurrentFailuresCountExactly(t *testing.T) {
	t.Parallel()
	const attempts = 20
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		t.Run("one by one until there is a delay", func(t *testing.T) {
			g := newLimiterTest(t, engine)
			var counted, refused atomic.Int64
			var wait sync.WaitGroup
			for range attempts {
				wait.Go(func() {
					switch err := g.fail(context.WithoutCancel(t.Context()), "a@example.com", "192.0.2.1"); {
					case err == nil:
						counted.Add(1)
					case errs.Is(err, errs.TooManyAttempts):
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			wait.Wait()
			if counted.Load() != 6 || refused.Load() != attempts-6 {
				t.Errorf("%d passwords were tried and %d attempts were refused, want 6 and %d", counted.Load(), refused.Load(), attempts-6)
			}
			if got := failuresOf(t, g, g.forAccount("a@example.com", "192.0.2.1").addresses[0]); got != 6 {
				t.Errorf("the address counts %d failures, want 6", got)
			}
		})
		t.Run("all failures of an account from different addresses", func(t *testing.T) {
			g := newLimiterTest(t, engine)
			var wait sync.WaitGroup
			for i := range attempts {
				wait.Go(func() {
					if err := g.fail(context.WithoutCancel(t.Context()), "a@example.com", fmt.Sprintf("192.0.2.%d", i)); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			if got := failuresOf(t, g, g.forAccount("a@example.com", "").account); got != attempts {
				t.Errorf("%d failures, want %d", got, attempts)
			}
		})
	})
}

func failuresOf(t *testing.T, g *limiterTest, c counter) int64 {
	t.Helper()
	row, err := g.store.GetLoginAttempt(t.Context(), db.GetLoginAttemptParams{Subject: c.subject})
	if err != nil {
		t.Fatal(err)
	}
	return row.Failures
}

func TestForgottenCountsAreDeletedInSmallBatches(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		g := newLimiterTest(t, engine)
		for i := range 10 {
			g.failures(t, 1, fmt.Sprintf("%d@example.com", i), "192.0.2.1")
		}
		count := func() int {
			old := db.ListOldLoginAttemptsParams{ForgottenBefore: g.now().Add(time.Hour), Limit: 1000}
			rows, err := g.store.ListOldLoginAttempts(t.Context(), old)
			if err != nil {
				t.Fatal(err)
			}
			return len(rows)
		}
		if got := count(); got != 21 {
			t.Fatalf("%d rows, want 21: 10 accounts, 10 of them with the address, and the address", got)
		}
		g.advance(25 * time.Hour)
		// The first failure adds three rows and each further one two. Each deletes ten expired
		// ones, if there are any.
		for i, want := range []int{21 + 3 - 10, 14 + 2 - 10, 3 + 2 + 2} {
			g.failures(t, 1, "new@example.com", fmt.Sprintf("198.51.100.%d", i))
			if got := count(); got != want {
				t.Errorf("after %d: %d rows, want %d", i+1, got, want)
			}
		}
	})
}

func TestSubjectsDoNotContainTheTypedAddress(t *testing.T) {
	t.Parallel()
	g := newLimiterTest(t, store.SQLite)
	const typed = "my secret password"
	for _, c := range []counter{g.forAccount(typed, "192.0.2.1").account, g.forAccount(typed, "192.0.2.1").pairs[0]} {
		if strings.Contains(c.subject, "secret") || len(c.subject) != 64 {
			t.Errorf("subject %q", c.subject)
		}
	}
	other, err := newAttemptLimiter([]byte(secretKey+"x"), g.now)
	if err != nil {
		t.Fatal(err)
	}
	if other.forAccount(typed, "").account == g.forAccount(typed, "").account {
		t.Error("the subject doesn't depend on the key, so it can be found with a list of addresses")
	}
}
