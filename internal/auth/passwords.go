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

// maxPasswordLen is the number of bytes that bcrypt uses.
const maxPasswordLen = passwords.MaxLen

// predecessorsHash is the prefix of the predecessor's hashes. This program's hashes begin with
// $2a$.
const predecessorsHash = "$2b$"

// placesPerSlot is the number of admitted requests per slot. While one computes its hash, the other
// one queries the database. So the slot stays busy as long as the queries take less time than a
// hash.
const placesPerSlot = 2

// Passwords hashes and compares passwords with bcrypt, on at most half of the cores and at least
// one. On Linux, hashing has a lower priority than other work, so that many log-ins don't slow down
// other requests.
type Passwords struct {
	cost   int
	places *queue        // of admitted requests
	slots  chan struct{} // of hashes that are being computed
	// compare is bcrypt.CompareHashAndPassword, or a replacement in tests.
	compare func(hash, password []byte) error
}

// cores is the number of cores that Go uses. It is read at start-up, because hashing changes
// GOMAXPROCS temporarily.
var cores = runtime.GOMAXPROCS(0)

// NewPasswords returns Passwords that hashes with a bcrypt cost, 4 to 31. Each step doubles the
// work.
func NewPasswords(cost int) *Passwords {
	slots := max(1, cores/2)
	return &Passwords{
		cost:    cost,
		places:  newQueue(placesPerSlot * slots),
		slots:   make(chan struct{}, slots),
		compare: bcrypt.CompareHashAndPassword,
	}
}

// Enter admits a request that will hash or compare passwords. The request calls Enter before its
// first query, and leave at its end. A request that isn't admitted within one and a half seconds
// gets errs.Busy. If the queue is full, it gets errs.Busy at once.
//
// Parties are admitted in turn, so that none can block the others; see partyOf.
func (p *Passwords) Enter(ctx context.Context, party string) (leave func(), err error) {
	if err := p.places.enter(ctx, party); err != nil {
		return nil, err
	}
	return p.places.leave, nil
}

// partyOf returns the principal's tenant, or the widest network of the address if there is no
// principal.
func partyOf(by access.Principal, ip string) string {
	if by.UserID != uuid.Nil {
		return "tenant " + by.HomeTenantID.String()
	}
	return "network " + access.WidestNetwork(ip)
}

// Hash returns the bcrypt hash of a password, whose prepared form has at most 72 bytes.
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

// match is the form of a password that a hash matches.
type match int

const (
	noMatch       match = iota
	formerMatch         // the hash is of the password as typed; earlier versions hashed it without preparing it
	preparedMatch       // the hash is of the prepared form
)

// Matches reports whether the hash is of the password. An empty hash matches nothing. It takes as
// long as a comparison with the cost inUse, or with the cost of new hashes if that is higher, so
// that the time doesn't reveal the cost of this hash. It takes twice as long if the prepared form
// differs from the password.
func (p *Passwords) Matches(ctx context.Context, hash, password string, inUse int) (bool, error) {
	m, err := p.match(ctx, hash, password, inUse)
	return m != noMatch, err
}

// match is like Matches, but returns which form of the password matches. It always compares all
// forms, so that the time depends only on the given password.
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
	// bcrypt ignores bytes after maxPasswordLen. This program never hashes longer passwords, but
	// the predecessor did.
	given := []byte(password)
	tooLong := len(given) > maxPasswordLen && !strings.HasPrefix(hash, predecessorsHash)
	given = given[:min(len(given), maxPasswordLen)]

	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		_ = p.compare(dummyHash(highest), given)
		return false, nil //nolint:nilerr // a text that isn't a hash matches nothing
	}
	err = p.compare([]byte(hash), given)
	// A hash of cost c takes 2^c steps. Adding hashes of the costs c, c+1, ... below highest makes
	// 2^highest in total.
	for ; cost < highest; cost++ {
		_ = p.compare(dummyHash(cost), given)
	}
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return err == nil && !tooLong, nil
}

// isOutdated reports whether a matching hash is to be replaced, because its cost isn't that of new
// hashes or it isn't of the prepared form.
func (p *Passwords) isOutdated(hash, password string, m match) bool {
	if len(passwords.Prepare(password)) > maxPasswordLen {
		return false // too long to be hashed in its prepared form
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

// dummyHash makes a log-in take as long for an unknown user. Salt and hash are zeros, so no
// password matches it.
func dummyHash(cost int) []byte {
	return fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 22+31))
}
