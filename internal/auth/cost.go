package auth

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// A bcrypt hash begins with the algorithm version and the cost, for example $2a$12$.
const (
	firstKind   = "$2a$"
	afterKinds  = "$2z$"
	kindLen     = len(firstKind)
	bcryptStart = "$2"
)

// match reports which form of a password matches a hash. An empty hash matches nothing. Each
// comparison takes as long as one with the highest cost of any stored hash. So the time reveals
// nothing, even after BCRYPT_COST was lowered or while instances use different costs.
func (s *Service) match(ctx context.Context, hash, password string) (match, error) {
	cost, err := s.highestCost(ctx)
	if err != nil {
		return noMatch, err
	}
	return s.passwords.match(ctx, hash, password, cost)
}

// highestCost returns the highest cost of all stored hashes, or 0 if there are none. It queries the
// database each time, because another instance may have stored a hash just now. The query is cheap
// compared with a hash.
func (s *Service) highestCost(ctx context.Context) (int, error) {
	highest := 0
	for below := afterKinds; below > firstKind; {
		last, err := s.store.GetLastPasswordHash(ctx, db.GetLastPasswordHashParams{Below: below})
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return 0, err
		}
		hash := last.PasswordHash
		if len(hash) < kindLen || !strings.HasPrefix(hash, bcryptStart) {
			break
		}
		if cost, err := bcrypt.Cost([]byte(hash)); err == nil {
			highest = max(highest, cost)
		}
		below = hash[:kindLen]
	}
	return highest, nil
}
