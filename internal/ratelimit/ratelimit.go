// Package ratelimit limits the rate of requests. All instances count together in Redis. Without
// Redis each instance counts by itself.
package ratelimit

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"sync"
	"time"

	"github.com/tenantry/tenantry/internal/access"
)

// Period is the length of a window.
const Period = time.Minute

// Options are the settings of a Limiter.
type Options struct {
	PerMinute map[access.RateClass]int // every limited class
	SecretKey []byte                   // the key that hashes the subjects is derived from it
	Redis     Redis                    // nil: each instance counts by itself
	Now       func() time.Time
}

// Limiter counts requests in fixed windows of a minute. Each subject's windows begin at its own
// second of the minute, the same on every instance, so that clients don't all retry at the same
// time.
type Limiter struct {
	opts   Options
	hashes sync.Pool // of keyed hash.Hash
	own    *counters
	shared *shared // nil without Redis
}

// New returns a limiter.
func New(opts Options) (*Limiter, error) {
	key, err := hkdf.Key(sha256.New, opts.SecretKey, nil, "tenantry rate limits", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive key for rate limits: %w", err)
	}
	l := &Limiter{opts: opts, own: newCounters(maxSubjects, opts.Now)}
	l.hashes.New = func() any { return hmac.New(sha256.New, key) }
	if opts.Redis != nil {
		l.shared = &shared{redis: opts.Redis}
	}
	return l, nil
}

// Verdict is the result of counting a request.
type Verdict struct {
	Allowed   bool
	Class     access.RateClass
	Limit     int64         // requests per window
	Remaining int64         // requests left in this window
	Reset     time.Duration // time until the window ends, in whole seconds, at least one
	ResetAt   time.Time
}

// Take counts a request of a subject: a user or a network. The subject may make times as many
// requests as the class allows. Callers must always pass the same factor for a subject.
//
// Each instance also counts by itself. Above the limit it doesn't call Redis. So an instance
// enforces the limit even if Redis fails, and many requests don't cause as many calls.
func (l *Limiter) Take(ctx context.Context, class access.RateClass, subject string, times int64) Verdict {
	now, id, limit := l.opts.Now(), l.id(class, subject), times*int64(l.opts.PerMinute[class])
	seconds := int64(Period / time.Second)
	phase := int64(binary.BigEndian.Uint16(id[:])) % seconds
	window := (now.Unix() + phase) / seconds
	resetAt := time.Unix((window+1)*seconds-phase, 0)

	count := l.own.add(id, window)
	if count <= limit && l.shared != nil {
		if n, err := l.shared.add(ctx, hex.EncodeToString(id[:])+":"+strconv.FormatInt(window, 10)); err == nil {
			l.own.raise(id, window, n)
			count = n
		}
	}
	// At the end of the window the reset would be zero.
	reset := (resetAt.Sub(now) + time.Second - 1).Truncate(time.Second)
	return Verdict{
		Allowed: count <= limit, Class: class, Limit: limit, Remaining: max(limit-count, 0), Reset: max(reset, time.Second), ResetAt: resetAt,
	}
}

// IsShared reports whether all instances currently count together.
func (l *Limiter) IsShared() bool { return l.shared != nil && !l.opts.Redis.IsAway() }

// id returns a keyed hash of the subject, because others may be able to read Redis.
func (l *Limiter) id(class access.RateClass, subject string) (id subjectID) {
	h := l.hashes.Get().(hash.Hash) //nolint:forcetypeassert // nothing else is put there
	defer l.hashes.Put(h)
	h.Reset()
	var buffer [128]byte
	h.Write(append(append(append(buffer[:0], class...), ' '), subject...))
	copy(id[:], h.Sum(buffer[:0]))
	return id
}
