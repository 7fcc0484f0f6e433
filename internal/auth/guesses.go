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
	"slices"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/email"
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

// Every wrong password counts for each of these. Address and pair count once for each network that the address
// is part of. docs/adr/0006-guessing.md has the reasons.
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

// times returns the limit of a network with this allowance: it has as many times the free failures of a single client.
func (l guessLimit) times(allowance int64) guessLimit {
	l.free *= allowance
	return l
}

// guesses slows down the guessing of passwords. It counts in the database, so that all instances know and a restart
// forgets nothing.
type guesses struct {
	key    []byte
	now    func() time.Time
	growth growth
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
	guesses *guesses
	// Of each network of the address, the narrowest first.
	addresses []counter
	pairs     []counter // none for a token, which doesn't say whose it is
	account   counter   // zero for a token
	network   string    // the subject of login_networks for this account and network
}

type counter struct {
	guessLimit

	subject string
}

// about returns the guess of the password of an account that comes from an address of the network. All forms of an e-mail address are
// one account.
func (g *guesses) about(emailAddress, ip string) guess {
	account := email.Normalize(emailAddress)
	made := g.fromAddress(ip)
	networks := access.Networks(ip)
	for _, n := range networks {
		made.pairs = append(made.pairs, g.counter(perAccountAndAddress.times(n.Allowance), n.Prefix+" "+account))
	}
	made.account = g.counter(perAccount, account)
	made.network = g.subject("network of account", knownNetwork(networks)+" "+account)
	return made
}

// knownNetwork returns which of an address' networks is remembered after a log-in: the /56 for IPv6, because
// devices of one household are in several /64.
func knownNetwork(networks []access.Network) string { return networks[min(1, len(networks)-1)].Prefix }

// fromAddress returns the guess of a one-time token that comes from an address of the network.
func (g *guesses) fromAddress(ip string) guess {
	made := guess{guesses: g}
	for _, n := range access.Networks(ip) {
		made.addresses = append(made.addresses, g.counter(perAddress.times(n.Allowance), n.Prefix))
	}
	return made
}

func (g *guesses) counter(limit guessLimit, of string) counter {
	return counter{guessLimit: limit, subject: g.subject(limit.name, of)}
}

// subject returns a keyed hash of what is counted: some people type their password where the e-mail address belongs.
func (g *guesses) subject(name, of string) string {
	h := hmac.New(sha256.New, g.key)
	h.Write([]byte(name + " " + of))
	return hex.EncodeToString(h.Sum(nil))
}

// accountDelay is a delay of an account that holds for all addresses, except for networks from which the
// account has logged in. The zero value is none.
type accountDelay struct {
	refusal      error // errs.TooManyAttempts: the answer from an unknown network, and to a wrong password from any
	knownNetwork bool  // the account has logged in from this network before
}

// holds reports whether even the right password is refused.
func (d accountDelay) holds() bool { return d.refusal != nil && !d.knownNetwork }

// allowed returns errs.TooManyAttempts while there is a delay of the address, or of the account from this
// address. The caller asks before it compares the password and again before it answers: when many try at once,
// the first one that fails blocks the answers to the others.
//
// A delay of the account from everywhere is returned instead. Then the caller compares the password all the
// same, and answers a wrong one with its refusal. Otherwise the answer, or its time, would tell in which
// networks an account is known, and so that it exists.
func (g guess) allowed(ctx context.Context, q db.Querier) (accountDelay, error) {
	now := g.guesses.now()
	blocks, err := q.ListLoginBlocks(ctx, db.ListLoginBlocksParams{
		Address: subjectAt(g.addresses, 0), WiderAddress: subjectAt(g.addresses, 1), WidestAddress: subjectAt(g.addresses, 2),
		Pair: subjectAt(g.pairs, 0), WiderPair: subjectAt(g.pairs, 1), WidestPair: subjectAt(g.pairs, 2),
		Account: g.account.subject, Now: now,
	})
	if err != nil {
		return accountDelay{}, err
	}
	var delay accountDelay
	for _, block := range slices.Backward(blocks) { // the one that lasts longest decides
		refusal := tooManyAttempts(block.BlockedUntil.Sub(now))
		if block.Subject != g.account.subject {
			return accountDelay{}, refusal
		}
		delay.refusal = refusal
	}
	if delay.refusal != nil {
		delay.knownNetwork, err = g.isKnownNetwork(ctx, q)
	}
	return delay, err
}

// isKnownNetwork reports whether the account has logged in from this network within 90 days.
func (g guess) isKnownNetwork(ctx context.Context, q db.Querier) (bool, error) {
	known, err := q.GetLoginNetwork(ctx, db.GetLoginNetworkParams{Subject: g.network})
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && !known.LastLoginAt.Before(g.guesses.now().Add(-networkForgotten)), err
}

func subjectAt(counters []counter, i int) string {
	if i < len(counters) {
		return counters[i].subject
	}
	return ""
}

// failed counts a wrong password, as part of a transaction. It returns errs.TooManyAttempts if others have
// failed in the meantime, so that there is a delay by now: then the caller must answer with that and nothing
// else, and nothing is counted.
//
// delay is what allowed returned: while the account has a delay from everywhere, its own count stays as it is.
func (g guess) failed(ctx context.Context, q db.Querier, delay accountDelay) error {
	added, slowed := 0, false
	// All transactions lock in this order, so that no two wait for each other.
	for _, c := range slices.Concat(g.addresses, g.pairs) {
		failures, err := g.count(ctx, q, c)
		if err != nil {
			return err
		}
		if failures == 1 {
			added++
		}
		slowed = slowed || c.name == perAccountAndAddress.name && failures > c.free
	}
	if delay.refusal == nil && g.account.subject != "" {
		isNew, err := g.countForAccount(ctx, q, slowed)
		if err != nil {
			return err
		}
		if isNew {
			added++
		}
	}
	return g.prune(ctx, q, added)
}

// failedToken counts a wrong one-time token as failed does. Unless addRows is set, it counts only for addresses
// that have a count already: tokens can't be guessed, so attempts from ever new addresses needn't be kept.
func (g guess) failedToken(ctx context.Context, q db.Querier, addRows bool) error {
	if addRows {
		return g.failed(ctx, q, accountDelay{})
	}
	for _, c := range g.addresses {
		_, err := q.GetLoginAttempt(ctx, db.GetLoginAttemptParams{Subject: c.subject})
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := g.count(ctx, q, c); err != nil {
			return err
		}
	}
	return nil
}

// countForAccount counts a failure for the account from everywhere, and reports whether it is the first one.
// slowed means that the account already has a delay from this network. Then the failure counts only if those
// from everywhere are above the limit: so a single subscriber never delays an account for others.
func (g guess) countForAccount(ctx context.Context, q db.Querier, slowed bool) (isNew bool, err error) {
	if slowed {
		before, err := q.GetLoginAttempt(ctx, db.GetLoginAttemptParams{Subject: g.account.subject})
		if errors.Is(err, store.ErrNotFound) || err == nil && before.Failures <= g.account.free {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	failures, err := g.count(ctx, q, g.account)
	if !errs.Is(err, errs.TooManyAttempts) {
		return failures == 1, err
	}
	// The account has a delay from everywhere by now, which doesn't hold in a known network.
	if known, knownErr := g.isKnownNetwork(ctx, q); knownErr != nil || !known {
		return false, errors.Join(knownErr, err)
	}
	return false, nil
}

// count returns how many failures a counter has now.
func (g guess) count(ctx context.Context, q db.Querier, c counter) (failures int64, err error) {
	now := g.guesses.now()
	rows, err := q.CountLoginFailure(ctx, db.CountLoginFailureParams{
		ForgottenBefore: now.Add(-failuresForgotten), Now: now, Subject: c.subject,
	})
	if err != nil {
		return 0, err
	}
	attempt, err := q.GetLoginAttempt(ctx, db.GetLoginAttemptParams{Subject: c.subject})
	switch {
	case errors.Is(err, store.ErrNotFound):
		err = q.InsertLoginAttempt(ctx, db.InsertLoginAttemptParams{Subject: c.subject, Failures: 1, BlockedUntil: notBlocked, LastFailedAt: now})
		if store.BreaksUniqueness(err) {
			return 0, store.ErrStale // someone else's first failure came first; count it and then this one
		}
		return 1, err
	case err != nil:
		return 0, err
	case rows == 0 && attempt.BlockedUntil.After(now):
		return 0, tooManyAttempts(attempt.BlockedUntil.Sub(now))
	case rows == 0:
		return 0, store.ErrStale // it was added in between
	}
	delay := c.delay(attempt.Failures)
	if delay == 0 {
		return attempt.Failures, nil
	}
	_, err = q.BlockLoginAttempts(ctx, db.BlockLoginAttemptsParams{BlockedUntil: now.Add(delay), Subject: c.subject})
	return attempt.Failures, err
}

// prune deletes a few of the counts whose time is over, if this attempt has added some.
func (g guess) prune(ctx context.Context, q db.Querier, added int) error {
	if added == 0 {
		return nil
	}
	now := g.guesses.now()
	before := now.Add(-g.guesses.growth.retention(now, added))
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
	for _, c := range append(slices.Clone(g.pairs), g.account) {
		if _, err := q.DeleteLoginAttempt(ctx, db.DeleteLoginAttemptParams{Subject: c.subject, LastFailedUntil: g.guesses.now()}); err != nil {
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
