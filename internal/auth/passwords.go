package auth

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/passwords"
)

// maxPasswordLen is how many bytes bcrypt looks at.
const maxPasswordLen = passwords.MaxLen

const (
	// placesPerSlot is how many are let in for each hash that is computed. While one has it computed, the other asks the database and is next:
	// so the slot is busy as long as the database takes less time than a hash.
	placesPerSlot = 2
	// maxWaiting is how many may wait to be let in. It bounds memory: each of them is a request of some kilobytes.
	maxWaiting = 256
	// patience is how long they wait. It slows down those who try again at once, whatever they are told, so that a refusal costs next to nothing. It ends
	// before the two seconds within which a database that has gone silent is to be noticed.
	patience = 1500 * time.Millisecond
	// comeBackAfter is when those who are refused may try again.
	comeBackAfter = 2 * time.Second
)

// Passwords hashes and compares passwords with bcrypt, on at most half of the cores and at least one, and at a lower priority where
// the system can do that, so that a storm of log-ins leaves the rest to other requests.
type Passwords struct {
	cost    int
	places  chan struct{} // of those who have been let in
	slots   chan struct{} // of the hashes that are being computed
	waiting atomic.Int64
	// nobody is what a password is compared with when there is no user: the form of a hash, of no password.
	nobody []byte
	// compare is bcrypt's; a test counts what it is asked.
	compare func(hash, password []byte) error
}

// cores is how many Go uses. It is asked at the start, as hashing changes it for a while.
var cores = runtime.GOMAXPROCS(0)

// NewPasswords takes the bcrypt cost of new hashes, 4 to 31; each step doubles the work.
func NewPasswords(cost int) *Passwords {
	slots := max(1, cores/2)
	return &Passwords{
		cost:    cost,
		places:  make(chan struct{}, placesPerSlot*slots),
		slots:   make(chan struct{}, slots),
		nobody:  hashOfNobody(cost),
		compare: bcrypt.CompareHashAndPassword,
	}
}

// Enter lets in a request that is going to hash or compare passwords, before it asks the database anything; leave must be called when it is
// over. A request that isn't let in within one and a half seconds gets errs.Busy; if many are waiting, at once.
func (p *Passwords) Enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-p.places }
	select {
	case p.places <- struct{}{}:
		return leave, nil
	default:
	}
	defer p.waiting.Add(-1)
	if p.waiting.Add(1) > maxWaiting {
		return nil, tooManyLogins()
	}
	select {
	case p.places <- struct{}{}:
		return leave, nil
	case <-time.After(patience):
		return nil, tooManyLogins()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
}

func tooManyLogins() error {
	return errs.New(errs.Busy, "Too many people are logging in. Try again in a moment.").After(comeBackAfter)
}

// Hash returns the bcrypt hash of a password of at most 72 bytes.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := p.acquire(ctx); err != nil {
		return "", err
	}
	defer p.release()
	var hash []byte
	var err error
	standBack(func() { hash, err = bcrypt.GenerateFromPassword([]byte(password), p.cost) })
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return string(hash), nil
}

// Matches reports whether the hash is that of the password. It takes the same time for a hash of lower cost, and for an
// empty one, which matches nothing.
func (p *Passwords) Matches(ctx context.Context, hash, password string) (bool, error) {
	if err := p.acquire(ctx); err != nil {
		return false, err
	}
	defer p.release()
	var matches bool
	var err error
	standBack(func() { matches, err = p.matches(hash, password) })
	return matches, err
}

func (p *Passwords) matches(hash, password string) (bool, error) {
	// bcrypt knows nothing of what comes after, so a longer password can't be the right one.
	given := []byte(password)
	tooLong := len(given) > maxPasswordLen
	given = given[:min(len(given), maxPasswordLen)]

	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		_ = p.compare(p.nobody, given)
		return false, nil //nolint:nilerr // what isn't a hash matches nothing
	}
	err = p.compare([]byte(hash), given)
	// A hash of cost c took 2^c steps; with those of c, c+1, ... up to our own cost it is 2^cost, as for everyone.
	for ; cost < p.cost; cost++ {
		_ = p.compare(hashOfNobody(cost), given)
	}
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return err == nil && !tooLong, nil
}

// IsWeak reports whether a hash is of a lower cost than those that are made now.
func (p *Passwords) IsWeak(hash string) bool {
	cost, err := bcrypt.Cost([]byte(hash))
	return err == nil && cost < p.cost
}

func (p *Passwords) acquire(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
}

func (p *Passwords) release() { <-p.slots }

// hashOfNobody has salt and hash of zeros: comparing with it takes the usual time and never succeeds.
func hashOfNobody(cost int) []byte {
	return fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 22+31))
}
