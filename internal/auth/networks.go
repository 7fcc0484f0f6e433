package auth

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// networkForgotten is how long after the last log-in a network stays known for an account.
const networkForgotten = 90 * 24 * time.Hour

// rememberNetwork records that the account has logged in from this network, as part of a
// transaction, and deletes a few expired networks.
func (a attempt) rememberNetwork(ctx context.Context, q db.Querier) error {
	now := a.attemptLimiter.now()
	known, err := q.UpdateLoginNetwork(ctx, db.UpdateLoginNetworkParams{LastLoginAt: now, Subject: a.network})
	if err != nil || known > 0 {
		return err
	}
	err = q.InsertLoginNetwork(ctx, db.InsertLoginNetworkParams{Subject: a.network, LastLoginAt: now})
	if store.BreaksUniqueness(err) {
		return store.ErrStale // a concurrent log-in inserted it
	}
	if err != nil {
		return err
	}
	before := now.Add(-networkForgotten)
	old, err := q.ListOldLoginNetworks(ctx, db.ListOldLoginNetworksParams{ForgottenBefore: before, Limit: prunedAtOnce})
	if err != nil {
		return err
	}
	for _, subject := range old {
		if _, err := q.DeleteLoginNetwork(ctx, db.DeleteLoginNetworkParams{Subject: subject, LastLoginUntil: before}); err != nil {
			return err
		}
	}
	return nil
}
