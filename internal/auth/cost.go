package auth

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// Hashes of bcrypt begin with the kind and the cost, as in $2a$12$. The kinds are versions of the algorithm.
const (
	firstKind   = "$2a$"
	afterKinds  = "$2z$"
	kindLen     = len(firstKind)
	bcryptStart = "$2"
)

// match says how a password fits a hash; nil matches nothing. Each comparison takes as long
// as one with the highest cost that any user's hash has. So the time tells nothing, even after BCRYPT_COST was
// lowered or while instances have different ones.
func (s *Service) match(ctx context.Context, hash *string, password string) (match, error) {
	cost, err := s.highestCost(ctx)
	if err != nil {
		return noMatch, err
	}
	return s.passwords.match(ctx, valueOf(hash), password, cost)
}

// highestCost returns the highest cost of any user's hash; 0 if there is no hash. It asks the database each
// time, because another instance may have written a hash just now. Compared with a hash that takes no time.
func (s *Service) highestCost(ctx context.Context) (int, error) {
	highest := 0
	for below := afterKinds; below > firstKind; {
		last, err := s.store.GetLastPasswordHashUnscoped(ctx, db.GetLastPasswordHashUnscopedParams{Below: &below})
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return 0, err
		}
		hash := *last.PasswordHash
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
