package auth

import (
	"context"
	"errors"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/store"
)

// UserByEmail returns the user with an e-mail address, in whatever tenant; store.ErrNotFound if there is none.
//
// Earlier versions stored addresses as they were typed. Such a user logs in with exactly that address, and comes before another one
// who has its canonical form. If the two forms differ, both are looked up in any case, so that the time tells nothing.
func UserByEmail(ctx context.Context, q db.Querier, address string) (db.User, error) {
	canonical, typed := email.Normalize(address), email.AsTyped(address)
	user, err := q.GetUserByEmailUnscoped(ctx, db.GetUserByEmailUnscopedParams{Email: canonical})
	if typed == canonical || err != nil && !errors.Is(err, store.ErrNotFound) {
		return user, err
	}
	former, formerErr := q.GetUserByEmailUnscoped(ctx, db.GetUserByEmailUnscopedParams{Email: typed})
	if errors.Is(formerErr, store.ErrNotFound) {
		return user, err
	}
	return former, formerErr
}
