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
	// failuresForgotten is the time after the last wrong password at which a counter restarts at
	// zero.
	failuresForgotten = 24 * time.Hour
	// prunedAtOnce is how many expired rows are deleted when one is added. It is more than are
	// added, so that the table shrinks.
	prunedAtOnce = 10
)

// attemptLimit is the number of wrong passwords without a delay. Each further one doubles the
// delay, from one second to the longest.
type attemptLimit struct {
	name    string
	free    int64
	longest time.Duration
}

// Every wrong password counts towards all of these limits. Address and pair are counted once for
// each network that contains the address. See docs/adr/0006-guessing.md.
var (
	perAddress           = attemptLimit{"address", 100, time.Minute}
	perAccount           = attemptLimit{"account", 100, 15 * time.Minute}
	perAccountAndAddress = attemptLimit{"account and address", 5, 15 * time.Minute}
)

// delay returns how long further attempts are refused after this number of failures.
func (l attemptLimit) delay(failures int64) time.Duration {
	if failures <= l.free {
		return 0
	}
	doublings := min(failures-l.free-1, 30) // a second doubled 30 times is longer than any limit
	return min(time.Second<<doublings, l.longest)
}

// notBlocked is in the past for every instance, even one whose clock is behind.
var notBlocked = time.Unix(0, 0).UTC()

// times returns the limit for a network: allowance times the free failures of a single client.
func (l attemptLimit) times(allowance int64) attemptLimit {
	l.free *= allowance
	return l
}

// attemptLimiter slows down password guessing. Its counters are in the database, so that all
// instances share them and they survive a restart.
type attemptLimiter struct {
	key    []byte
	now    func() time.Time
	growth growth
}

// newAttemptLimiter derives its key from the installation's secret key.
func newAttemptLimiter(secretKey []byte, now func() time.Time) (*attemptLimiter, error) {
	key, err := hkdf.Key(sha256.New, secretKey, nil, "tenantry log-in attempts", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive key for log-in attempts: %w", err)
	}
	return &attemptLimiter{key: key, now: now}, nil
}

// attempt is one try of a password or a one-time token. It is counted the same whether or not the
// account exists.
type attempt struct {
	attemptLimiter *attemptLimiter
	// One counter for each network that contains the address, the narrowest first.
	addresses []counter
	pairs     []counter // empty for a token, which doesn't name its account
	account   counter   // zero for a token
	network   string    // the subject of login_networks for this account and network
}

type counter struct {
	attemptLimit

	subject string
}

// forAccount returns an attempt with the password of an account, from an IP address. All forms of
// an e-mail address are one account.
func (l *attemptLimiter) forAccount(emailAddress, ip string) attempt {
	account := email.Normalize(emailAddress)
	a := l.fromAddress(ip)
	networks := access.Networks(ip)
	for _, n := range networks {
		a.pairs = append(a.pairs, l.counter(perAccountAndAddress.times(n.Allowance), n.Prefix+" "+account))
	}
	a.account = l.counter(perAccount, account)
	a.network = l.subject("network of account", knownNetwork(networks)+" "+account)
	return a
}

// knownNetwork returns the network that is remembered after a log-in: for IPv6 the /56, because
// devices of one household use several /64.
func knownNetwork(networks []access.Network) string { return networks[min(1, len(networks)-1)].Prefix }

// fromAddress returns an attempt with a one-time token, from an IP address.
func (l *attemptLimiter) fromAddress(ip string) attempt {
	a := attempt{attemptLimiter: l}
	for _, n := range access.Networks(ip) {
		a.addresses = append(a.addresses, l.counter(perAddress.times(n.Allowance), n.Prefix))
	}
	return a
}

func (l *attemptLimiter) counter(limit attemptLimit, of string) counter {
	return counter{attemptLimit: limit, subject: l.subject(limit.name, of)}
}

// subject returns a keyed hash of what is counted. A plain value could be a password that was typed
// into the e-mail field.
func (l *attemptLimiter) subject(name, of string) string {
	h := hmac.New(sha256.New, l.key)
	h.Write([]byte(name + " " + of))
	return hex.EncodeToString(h.Sum(nil))
}

// accountDelay is a delay of an account for all addresses, except for networks from which the
// account has logged in before. The zero value means no delay.
type accountDelay struct {
	// errs.TooManyAttempts; returned to unknown networks, and for a wrong password from any
	// network.
	refusal      error
	knownNetwork bool // the account has logged in from this network before
}

// holds reports whether even the correct password is refused.
func (d accountDelay) holds() bool { return d.refusal != nil && !d.knownNetwork }

// allowed returns errs.TooManyAttempts while the address, or the account from this address, has a
// delay. The caller asks before it compares the password and again before it answers: among
// concurrent attempts, the first failure blocks the answers to the others.
//
// A delay of the account for all addresses is returned as accountDelay instead. The caller must
// compare the password anyway, and answer a wrong one with accountDelay.refusal. Otherwise the
// answer or its time would reveal from which networks the account is used, and so that it exists.
func (a attempt) allowed(ctx context.Context, q db.Querier) (accountDelay, error) {
	now := a.attemptLimiter.now()
	blocks, err := q.ListLoginBlocks(ctx, db.ListLoginBlocksParams{
		Address: subjectAt(a.addresses, 0), WiderAddress: subjectAt(a.addresses, 1), WidestAddress: subjectAt(a.addresses, 2),
		Pair: subjectAt(a.pairs, 0), WiderPair: subjectAt(a.pairs, 1), WidestPair: subjectAt(a.pairs, 2),
		Account: a.account.subject, Now: now,
	})
	if err != nil {
		return accountDelay{}, err
	}
	var delay accountDelay
	for _, block := range slices.Backward(blocks) { // the longest delay decides
		refusal := tooManyAttempts(block.BlockedUntil.Sub(now))
		if block.Subject != a.account.subject {
			return accountDelay{}, refusal
		}
		delay.refusal = refusal
	}
	if delay.refusal != nil {
		delay.knownNetwork, err = a.isKnownNetwork(ctx, q)
	}
	return delay, err
}

// isKnownNetwork reports whether the account has logged in from this network within 90 days.
func (a attempt) isKnownNetwork(ctx context.Context, q db.Querier) (bool, error) {
	known, err := q.GetLoginNetwork(ctx, db.GetLoginNetworkParams{Subject: a.network})
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && !known.LastLoginAt.Before(a.attemptLimiter.now().Add(-networkForgotten)), err
}

func subjectAt(counters []counter, i int) string {
	if i < len(counters) {
		return counters[i].subject
	}
	return ""
}

// failed counts a wrong password, as part of a transaction. If concurrent failures have caused a
// delay by now, it counts nothing and returns errs.TooManyAttempts, which the caller must answer
// with.
//
// delay is what allowed returned. While the account has a delay for all addresses, its own counter
// does not grow.
func (a attempt) failed(ctx context.Context, q db.Querier, delay accountDelay) error {
	added, slowed := 0, false
	// All transactions lock in this order, which prevents deadlocks.
	for _, c := range slices.Concat(a.addresses, a.pairs) {
		failures, err := a.count(ctx, q, c)
		if err != nil {
			return err
		}
		if failures == 1 {
			added++
		}
		slowed = slowed || c.name == perAccountAndAddress.name && failures > c.free
	}
	if delay.refusal == nil && a.account.subject != "" {
		isNew, err := a.countForAccount(ctx, q, slowed)
		if err != nil {
			return err
		}
		if isNew {
			added++
		}
	}
	return a.prune(ctx, q, added)
}

// failedToken counts a wrong one-time token like failed. Unless addRows is set, it only raises
// counters that exist: tokens can't be guessed, so attempts from ever new addresses needn't be
// stored.
func (a attempt) failedToken(ctx context.Context, q db.Querier, addRows bool) error {
	if addRows {
		return a.failed(ctx, q, accountDelay{})
	}
	for _, c := range a.addresses {
		_, err := q.GetLoginAttempt(ctx, db.GetLoginAttemptParams{Subject: c.subject})
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := a.count(ctx, q, c); err != nil {
			return err
		}
	}
	return nil
}

// countForAccount counts a failure for the account from all addresses, and reports whether it is
// the first. slowed means that the account already has a delay from this network. Then the failure
// counts only if the account is above its limit. So a single client can't delay the account for
// others.
func (a attempt) countForAccount(ctx context.Context, q db.Querier, slowed bool) (isNew bool, err error) {
	if slowed {
		before, err := q.GetLoginAttempt(ctx, db.GetLoginAttemptParams{Subject: a.account.subject})
		if errors.Is(err, store.ErrNotFound) || err == nil && before.Failures <= a.account.free {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	failures, err := a.count(ctx, q, a.account)
	if !errs.Is(err, errs.TooManyAttempts) {
		return failures == 1, err
	}
	// The account now has a delay for all addresses, which doesn't apply to a known network.
	if known, knownErr := a.isKnownNetwork(ctx, q); knownErr != nil || !known {
		return false, errors.Join(knownErr, err)
	}
	return false, nil
}

// count adds a failure to a counter and returns its new value.
func (a attempt) count(ctx context.Context, q db.Querier, c counter) (failures int64, err error) {
	now := a.attemptLimiter.now()
	rows, err := q.CountLoginFailure(ctx, db.CountLoginFailureParams{
		ForgottenBefore: now.Add(-failuresForgotten), Now: now, Subject: c.subject,
	})
	if err != nil {
		return 0, err
	}
	stored, err := q.GetLoginAttempt(ctx, db.GetLoginAttemptParams{Subject: c.subject})
	switch {
	case errors.Is(err, store.ErrNotFound):
		err = q.InsertLoginAttempt(ctx, db.InsertLoginAttemptParams{Subject: c.subject, Failures: 1, BlockedUntil: notBlocked, LastFailedAt: now})
		if store.BreaksUniqueness(err) {
			return 0, store.ErrStale // a concurrent first failure was stored before this one; retry counts both
		}
		return 1, err
	case err != nil:
		return 0, err
	case rows == 0 && stored.BlockedUntil.After(now):
		return 0, tooManyAttempts(stored.BlockedUntil.Sub(now))
	case rows == 0:
		return 0, store.ErrStale // the row was inserted after the update
	}
	delay := c.delay(stored.Failures)
	if delay == 0 {
		return stored.Failures, nil
	}
	_, err = q.BlockLoginAttempts(ctx, db.BlockLoginAttemptsParams{BlockedUntil: now.Add(delay), Subject: c.subject})
	return stored.Failures, err
}

// prune deletes a few expired counters, if this attempt has added some.
func (a attempt) prune(ctx context.Context, q db.Querier, added int) error {
	if added == 0 {
		return nil
	}
	now := a.attemptLimiter.now()
	before := now.Add(-a.attemptLimiter.growth.retention(now, added))
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

// succeeded deletes the counters of the account, as part of a transaction. The counters of the
// address stay, because an attacker may have an account, too.
func (a attempt) succeeded(ctx context.Context, q db.Querier) error {
	for _, c := range append(slices.Clone(a.pairs), a.account) {
		if _, err := q.DeleteLoginAttempt(ctx, db.DeleteLoginAttemptParams{Subject: c.subject, LastFailedUntil: a.attemptLimiter.now()}); err != nil {
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
