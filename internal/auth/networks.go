package auth

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// networkForgotten is how long after the last log-in from a network the account is known there.
const networkForgotten = 90 * 24 * time.Hour

// rememberNetwork notes that the account has logged in from this network, as part of a transaction, and deletes
// a few networks that are forgotten.
func (g guess) rememberNetwork(ctx context.Context, q db.Querier) error {
	now := g.guesses.now()
	known, err := q.UpdateLoginNetwork(ctx, db.UpdateLoginNetworkParams{LastLoginAt: now, Subject: g.network})
	if err != nil || known > 0 {
		return err
	}
	err = q.InsertLoginNetwork(ctx, db.InsertLoginNetworkParams{Subject: g.network, LastLoginAt: now})
	if store.BreaksUniqueness(err) {
		return store.ErrStale // another log-in came first
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
