package auth

import (
	"runtime"
	"testing"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sys/unix"
)

// priority returns the calling thread's priority as the kernel reports it: 20 is normal, less is
// lower.
func priority(t *testing.T) int {
	t.Helper()
	n, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestHashingHasALowerPriority(t *testing.T) {
	t.Parallel()
	p := NewPasswords(bcrypt.MinCost)
	usual, hashing := priority(t), 0
	p.compare = func([]byte, []byte) error {
		hashing = priority(t)
		return nil
	}
	for range 50 { // a low-priority thread that is reused would be detected
		if _, err := p.Matches(t.Context(), "", "", 0); err != nil {
			t.Fatal(err)
		}
		if hashing != usual-hashNiceness {
			t.Fatalf("hashing has priority %d, want %d less than %d", hashing, hashNiceness, usual)
		}
		if now := priority(t); now != usual {
			t.Fatalf("other threads have priority %d, want %d as before", now, usual)
		}
	}
}

func TestHashingRunsOneThreadMore(t *testing.T) { //nolint:paralleltest // other tests hash in parallel
	p := NewPasswords(bcrypt.MinCost)
	usual, hashing := runtime.GOMAXPROCS(0), 0
	for name, compare := range map[string]func([]byte, []byte) error{
		"a hash":  func([]byte, []byte) error { return nil },
		"a fault": func([]byte, []byte) error { panic("broken") },
	} {
		p.compare = func(hash, password []byte) error {
			hashing = runtime.GOMAXPROCS(0)
			return compare(hash, password)
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = p.Matches(t.Context(), "", "", 0)
		}()
		if now := runtime.GOMAXPROCS(0); hashing != usual+1 || now != usual {
			t.Errorf("%s: GOMAXPROCS is %d during a hash and %d afterwards, want one more than %d, and then the same", name, hashing, now, usual)
		}
	}
}

func TestPanicOfAHashReachesTheCaller(t *testing.T) {
	t.Parallel()
	p := NewPasswords(bcrypt.MinCost)
	p.compare = func([]byte, []byte) error { panic("broken") }
	defer func() {
		if fault := recover(); fault != "broken" {
			t.Errorf("panic %v, want that of the comparison", fault)
		}
		if len(p.slots) != 0 {
			t.Error("its slot is not free")
		}
	}()
	_, _ = p.Matches(t.Context(), "", "", 0)
}
