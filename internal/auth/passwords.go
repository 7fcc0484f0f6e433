package auth

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/passwords"
)

// maxPasswordLen is how many bytes bcrypt looks at.
const maxPasswordLen = passwords.MaxLen

// predecessorsHash is the prefix of the predecessor's hashes. Hashes of this program begin with $2a$.
const predecessorsHash = "$2b$"

// placesPerSlot is the number of requests that are let in per slot. While one of them computes its hash, the other one queries the
// database. So the slot stays busy as long as the queries take less time than a hash.
const placesPerSlot = 2

// Passwords hashes and compares passwords with bcrypt, on at most half of the cores and at least one. On Linux hashing has a lower
// priority than everything else, so that a storm of log-ins leaves the processor to other requests.
type Passwords struct {
	cost   int
	places *queue        // of requests that have been let in
	slots  chan struct{} // of hashes that are being computed
	// compare is bcrypt.CompareHashAndPassword, or the function of a test.
	compare func(hash, password []byte) error
}

// cores is the number of cores that Go uses. It is read at the start, because hashing changes GOMAXPROCS for a while.
var cores = runtime.GOMAXPROCS(0)

// NewPasswords takes the bcrypt cost of new hashes, 4 to 31; each step doubles the work.
func NewPasswords(cost int) *Passwords {
	slots := max(1, cores/2)
	return &Passwords{
		cost:    cost,
		places:  newQueue(placesPerSlot * slots),
		slots:   make(chan struct{}, slots),
		compare: bcrypt.CompareHashAndPassword,
	}
}

// Enter admits a request that is going to hash or compare passwords. The request calls Enter before its first query, and leave at its
// end. A request that isn't admitted within one and a half seconds gets errs.Busy; if many are waiting, it gets errs.Busy at once.
//
// Parties take turns, so that none keeps the others out; see partyOf.
func (p *Passwords) Enter(ctx context.Context, party string) (leave func(), err error) {
	if err := p.places.enter(ctx, party); err != nil {
		return nil, err
	}
	return p.places.leave, nil
}

// partyOf returns the tenant of a principal, and the widest network of the address if nobody is logged in.
func partyOf(by access.Principal, ip string) string {
	if by.UserID != uuid.Nil {
		return "tenant " + by.HomeTenantID.String()
	}
	return "network " + access.WidestNetwork(ip)
}

// Hash returns the bcrypt hash of a password of at most 72 bytes in its prepared form.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := p.acquire(ctx); err != nil {
		return "", err
	}
	defer p.release()
	var hash []byte
	var err error
	atLowPriority(func() { hash, err = bcrypt.GenerateFromPassword([]byte(passwords.Prepare(password)), p.cost) })
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return string(hash), nil
}

// match says how a password fits a hash.
type match int

const (
	noMatch       match = iota
	formerMatch         // the hash is that of the password as it was typed; earlier versions hashed it without preparing it
	preparedMatch       // the hash is that of the prepared form
)

// Matches reports whether the hash is that of the password. An empty hash matches nothing. It takes as long as
// a hash of the cost inUse, or of the cost of new hashes if that is higher, so that the time doesn't tell the
// cost of this one; twice as long for a password whose prepared form is another one.
func (p *Passwords) Matches(ctx context.Context, hash, password string, inUse int) (bool, error) {
	m, err := p.match(ctx, hash, password, inUse)
	return m != noMatch, err
}

// match is Matches, but returns which form of the password matches. It always compares all forms, so that the time depends on the
// given password alone.
func (p *Passwords) match(ctx context.Context, hash, password string, inUse int) (match, error) {
	if err := p.acquire(ctx); err != nil {
		return noMatch, err
	}
	defer p.release()
	prepared := passwords.Prepare(password)
	var matches, former bool
	var err, formerErr error
	atLowPriority(func() {
		highest := max(p.cost, inUse)
		matches, err = p.matches(hash, prepared, highest)
		if prepared != password {
			former, formerErr = p.matches(hash, password, highest)
		}
	})
	switch err = errors.Join(err, formerErr); {
	case err != nil:
		return noMatch, err
	case matches:
		return preparedMatch, nil
	case former:
		return formerMatch, nil
	default:
		return noMatch, nil
	}
}

func (p *Passwords) matches(hash, password string, highest int) (bool, error) {
	// bcrypt ignores what comes after maxPasswordLen. This program hashes no longer passwords, but the predecessor did.
	given := []byte(password)
	tooLong := len(given) > maxPasswordLen && !strings.HasPrefix(hash, predecessorsHash)
	given = given[:min(len(given), maxPasswordLen)]

	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		_ = p.compare(dummyHash(highest), given)
		return false, nil //nolint:nilerr // a text that isn't a hash matches nothing
	}
	err = p.compare([]byte(hash), given)
	// A hash of cost c took 2^c steps; with those of c, c+1, ... below the highest it is 2^highest, as for everyone.
	for ; cost < highest; cost++ {
		_ = p.compare(dummyHash(cost), given)
	}
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return err == nil && !tooLong, nil
}

// isOutdated reports whether a hash that matches a password is to be replaced: it has another cost than new hashes, or is of another
// form of the password.
func (p *Passwords) isOutdated(hash, password string, m match) bool {
	if len(passwords.Prepare(password)) > maxPasswordLen {
		return false // there is no hash of the prepared form
	}
	cost, err := bcrypt.Cost([]byte(hash))
	return err == nil && cost != p.cost || m == formerMatch
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

// dummyHash makes a log-in take as long for an unknown user. Salt and hash are zeros, so no password matches it.
func dummyHash(cost int) []byte {
	return fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 22+31))
}
