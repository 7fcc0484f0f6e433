package auth

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/store"
)

// UserByEmail returns the user with an e-mail address, from any tenant, or store.ErrNotFound.
//
// Earlier versions stored addresses as typed, so several users may have forms of one address. The
// exact text wins, then the canonical form. Whether former forms are looked up depends only on the
// address, so the response time does not tell whether the user exists.
func UserByEmail(ctx context.Context, q db.Querier, address string) (db.User, error) {
	canonical := email.Normalize(address)
	user, err := q.GetUserByEmailUnscoped(ctx, db.GetUserByEmailUnscopedParams{Email: canonical})
	former := email.FormerForms(address)
	if len(former) == 0 || err != nil && !errors.Is(err, store.ErrNotFound) {
		return user, err
	}
	texts := [4]string{canonical, canonical, canonical, canonical}
	copy(texts[:], former)
	found, formerErr := q.ListUsersByEmailUnscoped(ctx, db.ListUsersByEmailUnscopedParams{
		Email1: texts[0], Email2: texts[1], Email3: texts[2], Email4: texts[3],
	})
	if formerErr != nil {
		return db.User{}, formerErr
	}
	if err == nil {
		found = append(found, user)
	}
	for _, form := range append([]string{strings.TrimSpace(address), email.AsTyped(address), canonical}, former...) {
		if i := slices.IndexFunc(found, func(u db.User) bool { return u.Email == form }); i >= 0 {
			return found[i], nil
		}
	}
	return db.User{}, store.ErrNotFound
}
