package auth

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// Hashes of bcrypt begin with the kind and the cost, as in $2a$12$. The kinds differ in old mistakes of programs that made them.
const (
	firstKind   = "$2a$"
	afterKinds  = "$2z$"
	kindLen     = len(firstKind)
	bcryptStart = "$2"
)

// matches compares a password with a hash, or with none, at the highest cost that any user's hash has: after the cost for new hashes was
// lowered, and with instances that have different ones, all comparisons take the same time.
func (s *Service) matches(ctx context.Context, hash *string, password string) (bool, error) {
	cost, err := s.highestCost(ctx)
	if err != nil {
		return false, err
	}
	return s.passwords.Matches(ctx, valueOf(hash), password, cost)
}

// highestCost returns the highest cost in use; 0 if there is no hash. It asks the database each time, which takes a moment compared with
// a hash: only so it knows what another instance has written just now.
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
