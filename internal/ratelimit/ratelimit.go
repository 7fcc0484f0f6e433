// Package ratelimit counts requests: all instances together in Redis, and each by itself while there is none.
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

// Period is how long a window is.
const Period = time.Minute

// Options are the settings of a Limiter.
type Options struct {
	PerMinute map[access.RateClass]int // every class that is limited
	SecretKey []byte                   // what the key that hides the subjects is derived from
	Redis     Redis                    // nil: each instance counts by itself
	Now       func() time.Time
}

// Limiter counts in windows of a minute. A subject's windows begin at a second of the minute of its own, so that not all
// clients come back at the same moment, and at the same one on every instance.
type Limiter struct {
	opts   Options
	hashes sync.Pool // of hash.Hash, keyed
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

// Verdict is what becomes of a request.
type Verdict struct {
	Allowed   bool
	Class     access.RateClass
	Limit     int64         // requests in a window
	Remaining int64         // after this one
	Reset     time.Duration // until the window ends; whole seconds, at least one
	ResetAt   time.Time
}

// Take counts a request for a subject: a user or a network. The subject may make times as many requests as the
// class allows; callers always pass the same factor for the same subject.
//
// Each instance counts for itself in any case. What is too much for one is too much for all: then Redis isn't asked. So an
// instance keeps to the limit whatever happens to Redis, and a storm of requests doesn't become one of calls.
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
	// now may be within the last second of the window, and nobody can wait for no time at all.
	reset := (resetAt.Sub(now) + time.Second - 1).Truncate(time.Second)
	return Verdict{
		Allowed: count <= limit, Class: class, Limit: limit, Remaining: max(limit-count, 0), Reset: max(reset, time.Second), ResetAt: resetAt,
	}
}

// IsShared reports whether all instances count together at this moment.
func (l *Limiter) IsShared() bool { return l.shared != nil && !l.opts.Redis.IsAway() }

// id hides whom it is about: Redis and what is written of its memory may be read by others.
func (l *Limiter) id(class access.RateClass, subject string) (id subjectID) {
	h := l.hashes.Get().(hash.Hash) //nolint:forcetypeassert // nothing else is put there
	defer l.hashes.Put(h)
	h.Reset()
	var buffer [128]byte
	h.Write(append(append(append(buffer[:0], class...), ' '), subject...))
	copy(id[:], h.Sum(buffer[:0]))
	return id
}
