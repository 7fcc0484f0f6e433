package storetest

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// removal is how the rows of a table are deleted in batches.
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
	"departments": {
		add: func(t *T, tenant uuid.UUID) uuid.UUID {
			return department(t, newDepartment(company(t, newCompany(tenant, newID().String()[4:])), "D")).ID
		},
		next: func(t *T, tenant, after uuid.UUID, limit int32) []uuid.UUID {
			return query(t, t.store.ListDepartmentIDs, db.ListDepartmentIDsParams{TenantID: tenant, AfterID: after, Limit: limit})
		},
		do: func(t *T, tenant, after, last uuid.UUID) int64 {
			return query(t, t.store.DeleteDepartmentsBetween, db.DeleteDepartmentsBetweenParams{TenantID: tenant, AfterID: after, LastID: last})
		},
	},
	"branches": {
		add: func(t *T, tenant uuid.UUID) uuid.UUID {
			return branch(t, newBranch(company(t, newCompany(tenant, newID().String()[4:])), "B")).ID
		},
		next: func(t *T, tenant, after uuid.UUID, limit int32) []uuid.UUID {
			return query(t, t.store.ListBranchIDs, db.ListBranchIDsParams{TenantID: tenant, AfterID: after, Limit: limit})
		},
		do: func(t *T, tenant, after, last uuid.UUID) int64 {
			return query(t, t.store.DeleteBranchesBetween, db.DeleteBranchesBetweenParams{TenantID: tenant, AfterID: after, LastID: last})
		},
	},
	"companies": {
		add: func(t *T, tenant uuid.UUID) uuid.UUID { return company(t, newCompany(tenant, newID().String()[4:])).ID },
		next: func(t *T, tenant, after uuid.UUID, limit int32) []uuid.UUID {
			return query(t, t.store.ListCompanyIDs, db.ListCompanyIDsParams{TenantID: tenant, AfterID: after, Limit: limit})
		},
		do: func(t *T, tenant, after, last uuid.UUID) int64 {
			return query(t, t.store.DeleteCompaniesBetween, db.DeleteCompaniesBetweenParams{TenantID: tenant, AfterID: after, LastID: last})
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
	"tenant removal/a range of a tenant's rows goes, and nothing else": func(t *T) {
		for name, r := range removals {
			one, other := tenant(t), tenant(t)
			var ids, foreign []uuid.UUID
			for range 5 { // in turn, so that the ids of both are in each other's ranges
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
	"tenant removal/seals go from the first to a number": func(t *T) {
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
	"tenant removal/departments lose what they refer to": func(t *T) {
		one, other := tenant(t), tenant(t)
		rows := map[uuid.UUID][]db.Department{}
		for _, id := range []uuid.UUID{one, other} {
			c, head := company(t, newCompany(id, "C")), user(t, newUser(id))
			for i := range 3 {
				d := newDepartment(c, fmt.Sprint(i))
				d.HeadUserID = &head.ID
				if i > 0 {
					d.ParentID = &rows[id][0].ID
				}
				rows[id] = append(rows[id], department(t, d))
			}
		}
		all := rows[one]
		attached := func(tenant, after uuid.UUID, limit int32) []uuid.UUID {
			return query(t, t.store.ListAttachedDepartmentIDs, db.ListAttachedDepartmentIDsParams{TenantID: tenant, AfterID: after, Limit: limit})
		}
		equal(t, "attached", attached(one, uuid.Nil, 100), []uuid.UUID{all[0].ID, all[1].ID, all[2].ID})
		detach := db.DetachDepartmentsBetweenParams{TenantID: one, AfterID: all[0].ID, LastID: all[1].ID}
		equal(t, "rows", query(t, t.store.DetachDepartmentsBetween, detach), 1)
		detached := all[1]
		detached.ParentID, detached.HeadUserID = nil, nil
		equal(t, "attached now", attached(one, uuid.Nil, 100), []uuid.UUID{all[0].ID, all[2].ID})
		equal(t, "the next", attached(one, all[0].ID, 1), []uuid.UUID{all[2].ID})
		equal(t, "in the range", departmentNow(t, all[1]), detached)
		equal(t, "before it", departmentNow(t, all[0]), all[0])
		equal(t, "after it", departmentNow(t, all[2]), all[2])
		detach.AfterID, detach.LastID = uuid.Nil, uuid.Max
		query(t, t.store.DetachDepartmentsBetween, detach)
		equal(t, "attached at the end", attached(one, uuid.Nil, 100), []uuid.UUID{})
		for _, d := range rows[other] {
			equal(t, "another tenant's", departmentNow(t, d), d)
		}
	},
}
