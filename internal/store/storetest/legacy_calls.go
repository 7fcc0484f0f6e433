package storetest

import (
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

func newLegacyCalls(t *T) db.InsertLegacyCallsParams {
	return db.InsertLegacyCallsParams{
		TenantID: tenant(t), Operation: "listCompanies", UserAgent: "ünï/1.0", Calls: 2, FirstCalledAt: noon(), LastCalledAt: noon().Add(time.Second),
	}
}

// legacyCallsNow returns the counts in the database for the row's tenant.
func legacyCallsNow(t *T, row db.InsertLegacyCallsParams) []db.InsertLegacyCallsParams {
	t.Helper()
	var found []db.InsertLegacyCallsParams
	for _, r := range query(t, t.store.ListLegacyCallsUnscoped, db.ListLegacyCallsUnscopedParams{Limit: 1000}) {
		if r.TenantID == row.TenantID {
			found = append(found, db.InsertLegacyCallsParams{
				TenantID: r.TenantID, Operation: r.Operation, UserAgent: r.UserAgent, Calls: r.Calls, FirstCalledAt: r.FirstCalledAt, LastCalledAt: r.LastCalledAt,
			})
		}
	}
	return found
}

var legacyCallTests = map[string]func(*T){
	"legacy calls/every field comes back": func(t *T) {
		want := newLegacyCalls(t)
		exec(t, t.store.InsertLegacyCalls, want)
		equal(t, "calls", legacyCallsNow(t, want), []db.InsertLegacyCallsParams{want})
	},
	"legacy calls/a caller has one row": func(t *T) {
		row := newLegacyCalls(t)
		exec(t, t.store.InsertLegacyCalls, row)
		if err := t.store.InsertLegacyCalls(t.Context(), row); !store.BreaksUniqueness(err) {
			t.Errorf("error is %v; want violation of a unique constraint", err)
		}
	},
	"legacy calls/need a tenant": func(t *T) {
		row := newLegacyCalls(t)
		row.TenantID = newID()
		refuse(t, t.store.InsertLegacyCalls, row, store.ForeignKey, "legacy_calls_tenant_id_fkey")
	},
	"legacy calls/add up, and the time of the last call never goes back": func(t *T) {
		want := newLegacyCalls(t)
		add := func(at time.Time) int64 {
			return query(t, t.store.AddLegacyCalls, db.AddLegacyCallsParams{
				More: 3, CalledAt: at, TenantID: want.TenantID, Operation: want.Operation, UserAgent: want.UserAgent,
			})
		}
		equal(t, "rows of an unknown caller", add(noon()), 0)
		exec(t, t.store.InsertLegacyCalls, want)
		equal(t, "rows", add(noon()), 1) // from an instance whose clock is behind
		want.Calls = 5
		equal(t, "calls", legacyCallsNow(t, want), []db.InsertLegacyCallsParams{want})
		later := noon().Add(time.Minute)
		equal(t, "rows", add(later), 1)
		want.Calls, want.LastCalledAt = 8, later
		equal(t, "calls", legacyCallsNow(t, want), []db.InsertLegacyCallsParams{want})
	},
	"legacy calls/count of a tenant": func(t *T) {
		row := newLegacyCalls(t)
		for _, agent := range []string{"a", "A", "a "} {
			row.UserAgent = agent
			exec(t, t.store.InsertLegacyCalls, row)
		}
		equal(t, "callers", query(t, t.store.CountLegacyCallers, db.CountLegacyCallersParams{TenantID: row.TenantID}), 3)
		equal(t, "callers of another", query(t, t.store.CountLegacyCallers, db.CountLegacyCallersParams{TenantID: tenant(t)}), 0)
	},
}
