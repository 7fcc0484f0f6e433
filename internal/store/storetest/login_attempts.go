package storetest

import (
	"errors"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// loginAttempt inserts the row of a subject and returns it.
func loginAttempt(t *T, row db.LoginAttempt) db.LoginAttempt {
	t.Helper()
	exec(t, t.store.InsertLoginAttempt, db.InsertLoginAttemptParams(row))
	return row
}

func newLoginAttempt() db.LoginAttempt {
	return db.LoginAttempt{Subject: newID().String(), Failures: 3, BlockedUntil: noon(), LastFailedAt: noon()}
}

func loginAttemptNow(t *T, row db.LoginAttempt) db.LoginAttempt {
	t.Helper()
	return query(t, t.store.GetLoginAttempt, db.GetLoginAttemptParams{Subject: row.Subject})
}

var loginAttemptTests = map[string]func(*T){
	"login attempt/every field comes back": func(t *T) {
		want := newLoginAttempt()
		want.BlockedUntil = noon().Add(time.Minute)
		equal(t, "attempt", loginAttemptNow(t, loginAttempt(t, want)), want)
		fails(t, t.store.GetLoginAttempt, db.GetLoginAttemptParams{Subject: "nobody"}, store.ErrNotFound)
	},
	"login attempt/a subject has one row": func(t *T) {
		row := loginAttempt(t, newLoginAttempt())
		err := t.store.InsertLoginAttempt(t.Context(), db.InsertLoginAttemptParams(row))
		if v, ok := errors.AsType[*store.Violation](err); !ok || v.Kind != store.Unique {
			t.Errorf("error is %v; want violation of a unique constraint", err)
		}
	},
	"login attempt/counts unless it is blocked": func(t *T) {
		want := loginAttempt(t, newLoginAttempt())
		before := want.BlockedUntil.Add(-time.Microsecond)
		arg := db.CountLoginFailureParams{ForgottenBefore: noon(), Now: before, Subject: want.Subject}
		equal(t, "rows while it is blocked", query(t, t.store.CountLoginFailure, arg), 0)
		equal(t, "attempt", loginAttemptNow(t, want), want)
		arg.Now = want.BlockedUntil
		equal(t, "rows", query(t, t.store.CountLoginFailure, arg), 1)
		want.Failures, want.LastFailedAt = want.Failures+1, arg.Now
		equal(t, "attempt", loginAttemptNow(t, want), want)
		arg.Subject = "nobody"
		equal(t, "rows of nobody", query(t, t.store.CountLoginFailure, arg), 0)
	},
	"login attempt/counts from 1 again when the old failures are forgotten": func(t *T) {
		want := loginAttempt(t, newLoginAttempt())
		arg := db.CountLoginFailureParams{ForgottenBefore: noon().Add(time.Microsecond), Now: noon().Add(time.Hour), Subject: want.Subject}
		equal(t, "rows", query(t, t.store.CountLoginFailure, arg), 1)
		want.Failures, want.LastFailedAt = 1, arg.Now
		equal(t, "attempt", loginAttemptNow(t, want), want)
	},
	"login attempt/blocks are those that last longer, in the order of their ends": func(t *T) {
		address, account, pair := newLoginAttempt(), newLoginAttempt(), newLoginAttempt()
		address.BlockedUntil, account.BlockedUntil = noon().Add(2*time.Minute), noon().Add(time.Minute)
		for _, row := range []db.LoginAttempt{address, account, pair} {
			equal(t, "rows", query(t, t.store.BlockLoginAttempts, db.BlockLoginAttemptsParams{BlockedUntil: row.BlockedUntil, Subject: row.Subject}), 0)
			loginAttempt(t, newLoginAttempt())
			loginAttempt(t, db.LoginAttempt{Subject: row.Subject, BlockedUntil: noon().Add(-time.Hour), LastFailedAt: noon()})
			equal(t, "rows", query(t, t.store.BlockLoginAttempts, db.BlockLoginAttemptsParams{BlockedUntil: row.BlockedUntil, Subject: row.Subject}), 1)
		}
		equal(t, "blocks", query(t, t.store.ListLoginBlocks, db.ListLoginBlocksParams{
			Address: address.Subject, Account: account.Subject, Pair: pair.Subject, Now: noon(),
		}), []db.ListLoginBlocksRow{
			{Subject: account.Subject, BlockedUntil: account.BlockedUntil}, {Subject: address.Subject, BlockedUntil: address.BlockedUntil},
		})
	},
	"login attempt/is deleted unless it has failed since": func(t *T) {
		row := loginAttempt(t, newLoginAttempt())
		arg := db.DeleteLoginAttemptParams{Subject: row.Subject, LastFailedUntil: noon().Add(-time.Microsecond)}
		equal(t, "rows", query(t, t.store.DeleteLoginAttempt, arg), 0)
		arg.LastFailedUntil = noon()
		equal(t, "rows", query(t, t.store.DeleteLoginAttempt, arg), 1)
		equal(t, "rows the second time", query(t, t.store.DeleteLoginAttempt, arg), 0)
	},
	"login attempt/old ones are listed, oldest first": func(t *T) {
		// No other test has rows as old as these.
		var want []string
		for i := range 3 {
			row := newLoginAttempt()
			row.LastFailedAt = noon().AddDate(-10, 0, i)
			want = append(want, loginAttempt(t, row).Subject)
		}
		arg := db.ListOldLoginAttemptsParams{ForgottenBefore: noon().AddDate(-10, 0, 2), Limit: 10}
		equal(t, "old ones", query(t, t.store.ListOldLoginAttempts, arg), want[:2])
		arg.Limit = 1
		equal(t, "oldest", query(t, t.store.ListOldLoginAttempts, arg), want[:1])
	},
	"login network/has one row with the time of its last use": func(t *T) {
		row := db.InsertLoginNetworkParams{Subject: newID().String(), LastLoginAt: noon()}
		equal(t, "rows before", query(t, t.store.UpdateLoginNetwork, db.UpdateLoginNetworkParams{LastLoginAt: row.LastLoginAt, Subject: row.Subject}), 0)
		exec(t, t.store.InsertLoginNetwork, row)
		err := t.store.InsertLoginNetwork(t.Context(), row)
		if !store.BreaksUniqueness(err) {
			t.Errorf("error is %v; want violation of a unique constraint", err)
		}
		row.LastLoginAt = noon().Add(time.Hour)
		equal(t, "rows", query(t, t.store.UpdateLoginNetwork, db.UpdateLoginNetworkParams{LastLoginAt: row.LastLoginAt, Subject: row.Subject}), 1)
		equal(t, "network", query(t, t.store.GetLoginNetwork, db.GetLoginNetworkParams{Subject: row.Subject}), db.LoginNetwork(row))
		fails(t, t.store.GetLoginNetwork, db.GetLoginNetworkParams{Subject: "nobody"}, store.ErrNotFound)
	},
	"login network/old ones are listed oldest first, and deleted": func(t *T) {
		var want []string
		for i := range 3 {
			row := db.InsertLoginNetworkParams{Subject: newID().String(), LastLoginAt: noon().AddDate(-10, 0, i)}
			exec(t, t.store.InsertLoginNetwork, row)
			want = append(want, row.Subject)
		}
		arg := db.ListOldLoginNetworksParams{ForgottenBefore: noon().AddDate(-10, 0, 2), Limit: 10}
		equal(t, "old ones", query(t, t.store.ListOldLoginNetworks, arg), want[:2])
		arg.Limit = 1
		equal(t, "oldest", query(t, t.store.ListOldLoginNetworks, arg), want[:1])
		remove := db.DeleteLoginNetworkParams{Subject: want[0], LastLoginUntil: noon().AddDate(-11, 0, 0)}
		equal(t, "rows of one that was used since", query(t, t.store.DeleteLoginNetwork, remove), 0)
		remove.LastLoginUntil = noon()
		equal(t, "rows", query(t, t.store.DeleteLoginNetwork, remove), 1)
	},
}
