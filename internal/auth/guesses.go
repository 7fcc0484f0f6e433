package auth

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// failuresForgotten is how long after the last wrong password a count begins anew.
	failuresForgotten = 24 * time.Hour
	// prunedAtOnce is how many forgotten counts go when a new one comes: more than come with it, so that the table shrinks.
	prunedAtOnce = 10
)

// guessLimit says how many wrong passwords have no consequence. Each one more doubles the delay, from a second to the longest.
type guessLimit struct {
	name    string
	free    int64
	longest time.Duration
}

// Every wrong password counts for each of these; docs/adr/0006-guessing.md has the reasons.
var (
	perAddress           = guessLimit{"address", 100, time.Minute}
	perAccount           = guessLimit{"account", 100, 15 * time.Minute}
	perAccountAndAddress = guessLimit{"account and address", 5, 15 * time.Minute}
)

// delay is how long nobody may try again after so many failures.
func (l guessLimit) delay(failures int64) time.Duration {
	if failures <= l.free {
		return 0
	}
	doublings := min(failures-l.free-1, 30) // a second doubled 30 times is longer than any limit
	return min(time.Second<<doublings, l.longest)
}

// notBlocked is before the time of every instance, even of one whose clock is behind.
var notBlocked = time.Unix(0, 0).UTC()

// guesses slows down the guessing of passwords. It counts in the database, so that all instances know and a restart
// forgets nothing.
type guesses struct {
	key []byte
	now func() time.Time
}

// newGuesses derives its key from the installation's secret key.
func newGuesses(secretKey []byte, now func() time.Time) (*guesses, error) {
	key, err := hkdf.Key(sha256.New, secretKey, nil, "tenantry log-in attempts", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive key for log-in attempts: %w", err)
	}
	return &guesses{key: key, now: now}, nil
}

// guess is an attempt to know the password of an account, or a one-time token. Whether the account exists makes no
// difference.
type guess struct {
	now     func() time.Time
	address counter
	account counter // none for a token, which doesn't say whose it is
	pair    counter // as well
}

type counter struct {
	guessLimit

	subject string
}

// about returns the guess of a normalized e-mail address' password that comes from an address of the network.
func (g *guesses) about(email, ip string) guess {
	from := access.Network(ip)
	return guess{
		now:     g.now,
		address: g.counter(perAddress, from),
		account: g.counter(perAccount, email),
		pair:    g.counter(perAccountAndAddress, from+" "+email),
	}
}

// fromAddress returns the guess of a one-time token that comes from an address of the network.
func (g *guesses) fromAddress(ip string) guess {
	return guess{now: g.now, address: g.counter(perAddress, access.Network(ip))}
}

// counter hides what is counted: some people type their password where the e-mail address belongs.
func (g *guesses) counter(limit guessLimit, of string) counter {
	h := hmac.New(sha256.New, g.key)
	h.Write([]byte(limit.name + " " + of))
	return counter{guessLimit: limit, subject: hex.EncodeToString(h.Sum(nil))}
}

// allowed returns errs.TooManyAttempts while there is a delay. It belongs before the password is looked at, and once more
// before the answer: when many try at once, the first one that fails blocks the answers to the others.
func (g guess) allowed(ctx context.Context, q db.Querier) error {
	now := g.now()
	blocks, err := q.ListLoginBlocks(ctx, db.ListLoginBlocksParams{
		Address: g.address.subject, Account: g.account.subject, Pair: g.pair.subject, Now: now,
	})
	if err != nil || len(blocks) == 0 {
		return err
	}
	return tooManyAttempts(blocks[len(blocks)-1].BlockedUntil.Sub(now))
}

// failed counts a wrong password or token, as part of a transaction. It returns errs.TooManyAttempts if others have failed in the
// meantime, so that there is a delay by now: then this attempt must have told nothing, and the transaction counts nothing.
func (g guess) failed(ctx context.Context, q db.Querier) error {
	added := false
	// All transactions lock in this order, so that no two wait for each other.
	for _, c := range []counter{g.address, g.account, g.pair} {
		if c == (counter{}) {
			continue
		}
		isNew, err := g.count(ctx, q, c)
		if err != nil {
			return err
		}
		added = added || isNew
	}
	if !added {
		return nil
	}
	return g.prune(ctx, q)
}

// count reports whether it is the first failure of the counter.
func (g guess) count(ctx context.Context, q db.Querier, c counter) (isNew bool, err error) {
	now := g.now()
	rows, err := q.CountLoginFailure(ctx, db.CountLoginFailureParams{
		ForgottenBefore: now.Add(-failuresForgotten), Now: now, Subject: c.subject,
	})
	if err != nil {
		return false, err
	}
	attempt, err := q.GetLoginAttempt(ctx, db.GetLoginAttemptParams{Subject: c.subject})
	switch {
	case errors.Is(err, store.ErrNotFound):
		err = q.InsertLoginAttempt(ctx, db.InsertLoginAttemptParams{Subject: c.subject, Failures: 1, BlockedUntil: notBlocked, LastFailedAt: now})
		if store.BreaksUniqueness(err) {
			return false, store.ErrStale // someone else's first failure came first; count it and then this one
		}
		return true, err
	case err != nil:
		return false, err
	case rows == 0 && attempt.BlockedUntil.After(now):
		return false, tooManyAttempts(attempt.BlockedUntil.Sub(now))
	case rows == 0:
		return false, store.ErrStale // it was added in between
	}
	delay := c.delay(attempt.Failures)
	if delay == 0 {
		return false, nil
	}
	_, err = q.BlockLoginAttempts(ctx, db.BlockLoginAttemptsParams{BlockedUntil: now.Add(delay), Subject: c.subject})
	return false, err
}

// prune deletes some of the counts that are forgotten.
func (g guess) prune(ctx context.Context, q db.Querier) error {
	before := g.now().Add(-failuresForgotten)
	old, err := q.ListOldLoginAttempts(ctx, db.ListOldLoginAttemptsParams{ForgottenBefore: before, Limit: prunedAtOnce})
	if err != nil {
		return err
	}
	for _, subject := range old {
		if _, err := q.DeleteLoginAttempt(ctx, db.DeleteLoginAttemptParams{Subject: subject, LastFailedUntil: before}); err != nil {
			return err
		}
	}
	return nil
}

// succeeded forgets what was counted for the account, as part of a transaction. The address' count stays: an attacker may
// have an account, too.
func (g guess) succeeded(ctx context.Context, q db.Querier) error {
	for _, c := range []counter{g.account, g.pair} {
		if _, err := q.DeleteLoginAttempt(ctx, db.DeleteLoginAttemptParams{Subject: c.subject, LastFailedUntil: g.now()}); err != nil {
			return err
		}
	}
	return nil
}

func tooManyAttempts(wait time.Duration) error {
	seconds := int64(math.Ceil(wait.Seconds()))
	return errs.Newf(errs.TooManyAttempts, "There were too many failed attempts. Try again in %s.", inWords(seconds)).
		After(time.Duration(seconds) * time.Second)
}

func inWords(seconds int64) string {
	switch {
	case seconds == 1:
		return "1 second"
	case seconds < 120:
		return fmt.Sprintf("%d seconds", seconds)
	default:
		return fmt.Sprintf("%d minutes", (seconds+59)/60)
	}
}
