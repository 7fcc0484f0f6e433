package auth

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/tenantry/tenantry/internal/bounded"
)

// maxCachedTokens is the maximum number of cached access tokens.
const maxCachedTokens = 16_384

// tokenCache caches the claims of access tokens whose signature was valid, because verifying a
// signature takes longer than most of a request. A valid signature stays valid, so the cache needs
// no invalidation. Only valid tokens are stored, so invalid ones can't evict them.
//
// The keys are hashes of tokens. So no usable token stays in memory, and the time of a look-up
// reveals nothing about them.
type tokenCache struct {
	mu     sync.RWMutex
	claims *bounded.Map[[sha256.Size]byte, claims] // entries in use stay
}

func newTokenCache() *tokenCache {
	return &tokenCache{claims: bounded.NewMap[[sha256.Size]byte, claims](maxCachedTokens, 0)}
}

// get returns the claims of a token if it is cached and valid at the given time.
func (v *tokenCache) get(hash [sha256.Size]byte, now time.Time) (claims, bool) {
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

func (v *tokenCache) put(hash [sha256.Size]byte, c claims, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.claims.Put(hash, c, now)
}

// verifyAccess verifies an access token and caches the result.
func (s *Service) verifyAccess(raw string) (claims, error) {
	hash, now := sha256.Sum256([]byte(raw)), s.opts.Now()
	if c, ok := s.tokenCache.get(hash, now); ok {
		return c, nil
	}
	c, err := s.tokens.verify(accessToken, raw)
	if err == nil {
		s.tokenCache.put(hash, c, now)
	}
	return c, err
}
