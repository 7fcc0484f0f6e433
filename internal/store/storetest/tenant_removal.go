package storetest

import (
	"slices"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// removal holds functions that delete the rows of a table in batches: add inserts a row, next lists
// ids, and do deletes a range of ids.
type removal struct {
	add  func(t *T, tenant uuid.UUID) uuid.UUID
	next func(t *T, tenant, after uuid.UUID, limit int32) []uuid.UUID
	do   func(t *T, tenant, after, last uuid.UUID) int64
}

var removals = map[string]removal{
	"sessions": {
		add: func(t *T, tenant uuid.UUID) uuid.UUID { return session(t, newSession(user(t, newUser(tenant)))).ID },
		next: func(t *T, tenant, after uuid.UUID, limit int32) []uuid.UUID {
			return query(t, t.store.ListSessionIDs, db.ListSessionIDsParams{TenantID: tenant, AfterID: after, Limit: limit})
		},
		do: func(t *T, tenant, after, last uuid.UUID) int64 {
			return query(t, t.store.DeleteSessionsBetween, db.DeleteSessionsBetweenParams{TenantID: tenant, AfterID: after, LastID: last})
		},
	},
	"users": {
		add: func(t *T, tenant uuid.UUID) uuid.UUID { return user(t, newUser(tenant)).ID },
		next: func(t *T, tenant, after uuid.UUID, limit int32) []uuid.UUID {
			return query(t, t.store.ListUserIDs, db.ListUserIDsParams{TenantID: tenant, AfterID: after, Limit: limit})
		},
		do: func(t *T, tenant, after, last uuid.UUID) int64 {
			return query(t, t.store.DeleteUsersBetween, db.DeleteUsersBetweenParams{TenantID: tenant, AfterID: after, LastID: last})
		},
	},
	"audit entries": {
		add: func(t *T, tenant uuid.UUID) uuid.UUID {
			row := newAuditEntry(tenant)
			exec(t, t.store.InsertAuditEntry, db.InsertAuditEntryParams(row))
			return row.ID
		},
		next: func(t *T, tenant, after uuid.UUID, limit int32) []uuid.UUID {
			return query(t, t.store.ListAuditEntryIDs, db.ListAuditEntryIDsParams{TenantID: tenant, AfterID: after, Limit: limit})
		},
		do: func(t *T, tenant, after, last uuid.UUID) int64 {
			return query(t, t.store.DeleteAuditEntriesBetween, db.DeleteAuditEntriesBetweenParams{TenantID: tenant, AfterID: after, LastID: last})
		},
	},
	"audit links": {
		add: func(t *T, tenant uuid.UUID) uuid.UUID {
			return auditLink(t, newAuditLink(newAuditEntry(tenant))).EntryID
		},
		next: func(t *T, tenant, after uuid.UUID, limit int32) []uuid.UUID {
			return query(t, t.store.ListAuditLinkIDs, db.ListAuditLinkIDsParams{TenantID: tenant, AfterID: after, Limit: limit})
		},
		do: func(t *T, tenant, after, last uuid.UUID) int64 {
			return query(t, t.store.DeleteAuditLinksBetween, db.DeleteAuditLinksBetweenParams{TenantID: tenant, AfterID: after, LastID: last})
		},
	},
}

var tenantRemovalTests = map[string]func(*T){
	"tenant removal/only a range of a tenant's rows is deleted": func(t *T) {
		for name, r := range removals {
			one, other := tenant(t), tenant(t)
			var ids, foreign []uuid.UUID
			for range 5 { // alternating, so that each range of ids contains rows of both tenants
				ids, foreign = append(ids, r.add(t, one)), append(foreign, r.add(t, other))
			}
			equal(t, name+": the first", r.next(t, one, uuid.Nil, 2), ids[:2])
			equal(t, name+": those after an id", r.next(t, one, ids[1], 100), ids[2:])
			equal(t, name+": after the last", r.next(t, one, ids[4], 100), []uuid.UUID{})
			equal(t, name+": rows", r.do(t, one, ids[0], ids[2]), 2)
			equal(t, name+": what is left", r.next(t, one, uuid.Nil, 100), slices.Concat(ids[:1], ids[3:]))
			equal(t, name+": rows that are gone already", r.do(t, one, ids[0], ids[2]), 0)
			equal(t, name+": rows", r.do(t, one, uuid.Nil, uuid.Max), 3)
			equal(t, name+": the other tenant's", r.next(t, other, uuid.Nil, 100), foreign)
		}
	},
	"tenant removal/seals are deleted from the first to a number": func(t *T) {
		one, other := tenant(t), tenant(t)
		for n := range int64(3) {
			auditSeal(t, newAuditSeal(one, n+1))
			auditSeal(t, newAuditSeal(other, n+1))
		}
		equal(t, "rows", query(t, t.store.DeleteAuditSealsUpTo, db.DeleteAuditSealsUpToParams{TenantID: one, LastNumber: 2}), 2)
		left := query(t, t.store.ListAuditSeals, db.ListAuditSealsParams{TenantID: one, Limit: 10})
		equal(t, "seals left", len(left), 1)
		equal(t, "the last", left[0].Number, 3)
		equal(t, "the other tenant's", len(query(t, t.store.ListAuditSeals, db.ListAuditSealsParams{TenantID: other, Limit: 10})), 3)
	},
}
