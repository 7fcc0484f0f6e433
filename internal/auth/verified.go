package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxVerified is the most access tokens that are remembered as verified.
const maxVerified = 16_384

// verified remembers the claims of access tokens whose signature was good, because checking one takes longer than most of a request. A signature
// stays good, so this needs no news from elsewhere. Only good tokens come in, so nobody can push them out with bad ones.
//
// Tokens are kept as hashes: the memory of the process has none that work, and how long a look takes says nothing of them.
type verified struct {
	mu         sync.RWMutex
	young, old map[[sha256.Size]byte]claims // the old ones go when there are enough young ones; who is asked for is young again
}

func newVerified() *verified { return &verified{young: map[[sha256.Size]byte]claims{}} }

// get returns the claims of a token, if it is remembered and certainly valid at a time.
func (v *verified) get(hash [sha256.Size]byte, now time.Time) (claims, bool) {
	v.mu.RLock()
	c, ok := v.young[hash]
	aged := false
	if !ok {
		c, aged = v.old[hash]
	}
	v.mu.RUnlock()
	if !ok && !aged || !now.Truncate(time.Second).Before(c.ExpiresAt.Add(clockSkew)) || now.Before(c.IssuedAt.Add(-clockSkew)) {
		return claims{}, false
	}
	if aged {
		v.put(hash, c)
	}
	return c, true
}

func (v *verified) put(hash [sha256.Size]byte, c claims) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.young) >= maxVerified/2 {
		v.old, v.young = v.young, map[[sha256.Size]byte]claims{}
	}
	v.young[hash] = c
}

// verifyAccess is verify for an access token, and remembers what it finds.
func (s *Service) verifyAccess(raw string) (claims, error) {
	hash := sha256.Sum256([]byte(raw))
	if c, ok := s.verified.get(hash, s.opts.Now()); ok {
		return c, nil
	}
	c, err := s.tokens.verify(accessToken, raw)
	if err == nil {
		s.verified.put(hash, c)
	}
	return c, err
}
