package auth

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/internal/errs"
)

func hashOf(t *testing.T, password string, cost int) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func TestPasswordMatches(t *testing.T) {
	t.Parallel()
	p := NewPasswords(bcrypt.MinCost)
	hash := hashOf(t, "right", bcrypt.MinCost)
	longest := strings.Repeat("x", 72)
	for _, test := range []struct {
		name, hash, password string
		want                 bool
	}{
		{"right", hash, "right", true},
		{"wrong", hash, "wrong", false},
		{"in another case", hash, "Right", false},
		{"right, in the form of Python", "$2b$" + strings.TrimPrefix(hash, "$2a$"), "right", true},
		{"72 bytes", hashOf(t, longest, bcrypt.MinCost), longest, true},
		{"73 bytes, the first 72 of them right, as the predecessor hashed", "$2b$" + hashOf(t, longest, bcrypt.MinCost)[4:], longest + "x", true},
		{"73 bytes, the 72nd of them wrong, as the predecessor hashed", "$2b$" + hashOf(t, longest, bcrypt.MinCost)[4:], longest[1:] + "yx", false},
		{"73 bytes, the first 72 of them right", hashOf(t, longest, bcrypt.MinCost), longest + "x", false},
		{"composed letters, hashed decomposed", hashOf(t, "se\u0301same", bcrypt.MinCost), "se\u0301same", true},
		{"decomposed letters, hashed composed", hashOf(t, "s\u00e9same", bcrypt.MinCost), "se\u0301same", true},
		{"another space", hashOf(t, "two words", bcrypt.MinCost), "two\u00a0words", true},
		{"only the former form, of more than 72 bytes", hashOf(t, strings.Repeat("e\u0301", 24), bcrypt.MinCost), strings.Repeat("e\u0301", 25), false},
		{"no hash", "", "right", false},
		{"no hash, no password", "", "", false},
		{"not a hash", "right", "right", false},
		{"plain text in place of a hash", strings.Repeat("p", 60), strings.Repeat("p", 60), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got, err := p.Matches(t.Context(), test.hash, test.password, 0); err != nil || got != test.want {
				t.Errorf("%t, %v; want %t", got, err, test.want)
			}
		})
	}
}

func TestEveryComparisonTakesEquallyLong(t *testing.T) {
	t.Parallel()
	const cost = bcrypt.MinCost + 3
	current, weaker, weakest := hashOf(t, "right", cost), hashOf(t, "right", cost-1), hashOf(t, "right", cost-3)
	for name, given := range map[string]struct{ hash, password string }{
		"right password":                      {current, "right"},
		"wrong password":                      {current, "wrong"},
		"password of more than 72 bytes":      {current, strings.Repeat("x", 100)},
		"unknown user":                        {"", "wrong"},
		"user without a real hash":            {"!", "wrong"},
		"hash of a lower cost, right":         {weaker, "right"},
		"hash of a lower cost, wrong":         {weaker, "wrong"},
		"hash of a much lower cost, wrong":    {weakest, "wrong"},
		"hash of a much lower cost, too long": {weakest, strings.Repeat("x", 100)},
		"decomposed, right":                   {hashOf(t, "s\u00e9same", cost), "se\u0301same"},
		"decomposed, right as it was typed":   {hashOf(t, "se\u0301same", cost), "se\u0301same"},
		"decomposed, wrong":                   {current, "se\u0301same"},
		"decomposed, lower cost":              {weaker, "se\u0301same"},
		"decomposed, unknown user":            {"", "se\u0301same"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for own, inUse := range map[int]int{cost: 0, bcrypt.MinCost: cost} {
				p, rounds := NewPasswords(own), 0
				p.compare = func(hash, password []byte) error {
					of, err := bcrypt.Cost(hash)
					if err != nil {
						t.Errorf("compared with something that isn't a hash: %v", err)
					}
					rounds += 1 << of
					return bcrypt.CompareHashAndPassword(hash, password)
				}
				if _, err := p.Matches(t.Context(), given.hash, given.password, inUse); err != nil {
					t.Fatal(err)
				}
				want := 1 << cost
				if strings.HasPrefix(name, "decomposed") {
					want *= 2 // for every hash
				}
				if rounds != want {
					t.Errorf("%d rounds, want %d", rounds, want)
				}
			}
		})
	}
}

func TestDummyHashIsWellFormedAndMatchesNothing(t *testing.T) {
	t.Parallel()
	for cost := bcrypt.MinCost; cost <= bcrypt.MaxCost; cost++ {
		if got, err := bcrypt.Cost(dummyHash(cost)); err != nil || got != cost {
			t.Errorf("cost %d, %v; want %d", got, err, cost)
		}
		if got, want := len(dummyHash(cost)), len(hashOf(t, "x", bcrypt.MinCost)); got != want {
			t.Errorf("cost %d: %d bytes, want %d", cost, got, want)
		}
	}
	for _, password := range []string{"", ".", "\x00", "password", strings.Repeat(".", 53), strings.Repeat("\x00", 72)} {
		if err := bcrypt.CompareHashAndPassword(dummyHash(bcrypt.MinCost), []byte(password)); !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
			t.Errorf("%q: error %v, want a mismatch", password, err)
		}
	}
}

func TestHashesUseAtMostHalfOfTheCores(t *testing.T) {
	t.Parallel()
	if got, want := cap(NewPasswords(bcrypt.MinCost).slots), max(1, cores/2); got != want {
		t.Errorf("%d at a time, want %d", got, want)
	}
}

// withSlots returns Passwords with n hashing slots on any machine.
func withSlots(n int) *Passwords {
	p := NewPasswords(bcrypt.MinCost)
	p.places, p.slots = newQueue(placesPerSlot*n), make(chan struct{}, n)
	return p
}

// occupy takes all places.
func occupy(t *testing.T, p *Passwords) {
	t.Helper()
	for range p.places.free {
		if _, err := p.Enter(t.Context(), "others"); err != nil {
			t.Fatal(err)
		}
	}
}

// wantFree fails if any place or slot is taken, or if a request waits.
func wantFree(t *testing.T, p *Passwords) {
	t.Helper()
	if free := placesPerSlot * cap(p.slots); p.places.free != free || len(p.slots) != 0 || p.places.waiting != 0 || len(p.places.lines) != 0 {
		t.Errorf("%d of %d places are free, %d slots are taken and %d wait, want all and none", p.places.free, free, len(p.slots), p.places.waiting)
	}
}

func wantBusy(t *testing.T, err error) {
	t.Helper()
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != errs.Busy || e.RetryAfter <= 0 {
		t.Errorf("error %v, want busy with the time to try again", err)
	}
}

func TestStormOfLogins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const slots, places, tooMany = 3, 3 * placesPerSlot, 10
		p := withSlots(slots)
		finish := make(chan struct{})
		var inside, running atomic.Int64
		p.compare = func([]byte, []byte) error {
			if now := running.Add(1); now > slots {
				t.Errorf("%d hashes at a time, want at most %d", now, slots)
			}
			<-finish
			running.Add(-1)
			return nil
		}
		results := make(chan error, places+maxWaiting+tooMany)
		for range cap(results) {
			go func() {
				leave, err := p.Enter(t.Context(), "somebody")
				if err == nil {
					if now := inside.Add(1); now > places {
						t.Errorf("%d are admitted, want at most %d", now, places)
					}
					_, err = p.Matches(t.Context(), "", "password", 0)
					inside.Add(-1)
					leave()
				}
				results <- err
			}()
		}
		wantRefused := func(n int) {
			t.Helper()
			synctest.Wait() // until all goroutines are blocked
			if inside.Load() != places || running.Load() != slots {
				t.Errorf("%d are admitted and %d computed, want %d and %d", inside.Load(), running.Load(), places, slots)
			}
			if len(results) != n {
				t.Errorf("%d were refused, want %d", len(results), n)
			}
			for range len(results) {
				wantBusy(t, <-results)
			}
		}
		wantRefused(tooMany)
		time.Sleep(admissionTimeout - time.Nanosecond)
		wantRefused(0)
		time.Sleep(time.Nanosecond)
		wantRefused(maxWaiting)
		close(finish)
		for range places {
			if err := <-results; err != nil {
				t.Errorf("an admitted request got %v", err)
			}
		}
		synctest.Wait()
		wantFree(t, p)
	})
}

func TestWaiterIsAdmittedWhenAPlaceIsFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := withSlots(1)
		occupy(t, p)
		result := make(chan error)
		go func() {
			_, err := p.Enter(t.Context(), "somebody")
			result <- err
		}()
		synctest.Wait()
		if p.places.waiting != 1 {
			t.Fatalf("%d wait, want 1", p.places.waiting)
		}
		p.places.leave()
		if err := <-result; err != nil || p.places.free != 0 || p.places.waiting != 0 {
			t.Errorf("error %v, %d places are free, %d wait", err, p.places.free, p.places.waiting)
		}
	})
}

func TestWaiterLeavesWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]func(ctx context.Context, p *Passwords) error{
		"for a place": func(ctx context.Context, p *Passwords) error {
			_, err := p.Enter(ctx, "somebody")
			return err
		},
		"for a slot": func(ctx context.Context, p *Passwords) error {
			_, err := p.Hash(ctx, "password")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := withSlots(1)
				occupy(t, p)
				if err := p.acquire(t.Context()); err != nil {
					t.Fatal(err)
				}
				ctx, leave := context.WithCancel(t.Context())
				result := make(chan error, 1)
				go func() { result <- wait(ctx, p) }()
				synctest.Wait()
				if len(result) != 0 {
					t.Fatal("the request didn't wait")
				}
				leave()
				if err := <-result; !errors.Is(err, context.Canceled) {
					t.Errorf("error %v, want that of the context", err)
				}
				if p.places.free != 0 || len(p.slots) != 1 || p.places.waiting != 0 {
					t.Errorf("%d places are free and %d slots taken, %d wait", p.places.free, len(p.slots), p.places.waiting)
				}
			})
		})
	}
}

func TestSlotIsFreeAfterAnError(t *testing.T) {
	t.Parallel()
	p := withSlots(1)
	if _, err := p.Hash(t.Context(), strings.Repeat("x", 73)); err == nil {
		t.Error("a password that bcrypt would cut off was hashed")
	}
	broken := errors.New("broken")
	p.compare = func([]byte, []byte) error { return broken }
	if _, err := p.Matches(t.Context(), string(dummyHash(bcrypt.MinCost)), "x", 0); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the comparison", err)
	}
	wantFree(t, p)
}

func TestIsOutdated(t *testing.T) {
	t.Parallel()
	p := NewPasswords(bcrypt.MinCost + 1)
	for hash, want := range map[string]bool{
		string(dummyHash(bcrypt.MinCost)):     true,
		string(dummyHash(bcrypt.MinCost + 1)): false,
		string(dummyHash(bcrypt.MinCost + 2)): true,
		"":                                    false, "nonsense": false,
	} {
		if got := p.isOutdated(hash, "right", preparedMatch); got != want {
			t.Errorf("%q: %t, want %t", hash, got, want)
		}
	}
	current := string(dummyHash(bcrypt.MinCost + 1))
	if !p.isOutdated(current, "se\u0301same", formerMatch) || p.isOutdated(current, strings.Repeat("\u0958", 24), formerMatch) {
		t.Error("a hash of another form must be replaced, unless the prepared form is too long")
	}
}
