package auth

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/tenantry/tenantry/internal/bounded"
)

// maxVerified is the most access tokens that are remembered as verified.
const maxVerified = 16_384

// verified remembers the claims of access tokens whose signature was good, because checking one takes longer than most of a request. A signature
// stays good, so this needs no news from elsewhere. Only good tokens come in, so nobody can push them out with bad ones.
//
// Tokens are kept as hashes: the memory of the process has none that work, and how long a look takes says nothing of them.
type verified struct {
	mu     sync.RWMutex
	claims *bounded.Map[[sha256.Size]byte, claims] // who is asked for stays
}

func newVerified() *verified {
	return &verified{claims: bounded.NewMap[[sha256.Size]byte, claims](maxVerified, 0)}
}

// get returns the claims of a token, if it is remembered and certainly valid at a time.
func (v *verified) get(hash [sha256.Size]byte, now time.Time) (claims, bool) {
	v.mu.RLock()
	c, ok, aging := v.claims.Get(hash)
	v.mu.RUnlock()
	if !ok || !now.Truncate(time.Second).Before(c.ExpiresAt.Add(clockSkew)) || now.Before(c.IssuedAt.Add(-clockSkew)) {
		return claims{}, false
	}
	if aging {
		v.put(hash, c, now)
	}
	return c, true
}

func (v *verified) put(hash [sha256.Size]byte, c claims, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.claims.Put(hash, c, now)
}

// verifyAccess is verify for an access token, and remembers what it finds.
func (s *Service) verifyAccess(raw string) (claims, error) {
	hash, now := sha256.Sum256([]byte(raw)), s.opts.Now()
	if c, ok := s.verified.get(hash, now); ok {
		return c, nil
	}
	c, err := s.tokens.verify(accessToken, raw)
	if err == nil {
		s.verified.put(hash, c, now)
	}
	return c, err
}
