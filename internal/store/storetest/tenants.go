package storetest

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

var tenantTests = map[string]func(*T){
	"tenant/null comes back as null": func(t *T) {
		want := newTenant()
		exec(t, t.store.InsertTenant, db.InsertTenantParams(want))
		equal(t, "tenant", query(t, t.store.GetTenant, db.GetTenantParams{ID: want.ID}), want)
	},
	"tenant/every field comes back": func(t *T) {
		want := newTenant()
		want.Tier, want.Status, want.Version = "enterprise", "suspended", 7
		want.MaxCompanies, want.MaxUsers = new(int64(0)), new(int64(25))
		want.ContactName, want.ContactEmail, want.ContactPhone = new("Ann"), new("ann@example.com"), new("+49 30 1")
		exec(t, t.store.InsertTenant, db.InsertTenantParams(want))
		equal(t, "tenant", query(t, t.store.GetTenant, db.GetTenantParams{ID: want.ID}), want)
	},
	"tenant/missing": func(t *T) {
		fails(t, t.store.GetTenant, db.GetTenantParams{ID: newID()}, store.ErrNotFound)
	},
	"tenant/lock changes its own count and says whether the tenant is there": func(t *T) {
		want := newTenant()
		exec(t, t.store.InsertTenant, db.InsertTenantParams(want))
		equal(t, "rows", query(t, t.store.LockTenant, db.LockTenantParams{ID: want.ID}), 1)
		equal(t, "rows of none", query(t, t.store.LockTenant, db.LockTenantParams{ID: newID()}), 0)
		want.LockCount = 1
		equal(t, "tenant", query(t, t.store.GetTenant, db.GetTenantParams{ID: want.ID}), want)
	},
	"tenant/the platform is there from the beginning": func(t *T) {
		id := uuid.MustParse("00000000-0000-7000-8000-000000000000")
		platform := query(t, t.store.GetTenant, db.GetTenantParams{ID: id})
		equal(t, "code", platform.Code, "PLATFORM")
	},
	"tenant/code is unique": func(t *T) {
		first, second := newTenant(), newTenant()
		second.Code = first.Code
		exec(t, t.store.InsertTenant, db.InsertTenantParams(first))
		refuse(t, t.store.InsertTenant, db.InsertTenantParams(second), store.Unique, "tenants_code_key")
	},
	"tenant/tier is one of four": func(t *T) {
		row := newTenant()
		row.Tier = "gold"
		refuse(t, t.store.InsertTenant, db.InsertTenantParams(row), store.Check, "tenants_tier_check")
	},
	"tenant/status is one of three": func(t *T) {
		row := newTenant()
		row.Status = "gone"
		refuse(t, t.store.InsertTenant, db.InsertTenantParams(row), store.Check, "tenants_status_check")
	},
	"tenant/update changes every field, and back to null, and counts the version up": func(t *T) {
		want := newTenant()
		empty := want
		exec(t, t.store.InsertTenant, db.InsertTenantParams(want))
		want.Code, want.Name, want.NameKey, want.SearchText = want.Code[:20]+"-FULL", "Full", "full", "full full"
		want.Tier, want.Status, want.UpdatedAt = "premium", "deleting", noon().Add(time.Hour)
		want.MaxCompanies, want.MaxUsers = new(int64(0)), new(int64(1000000000))
		want.ContactName, want.ContactEmail, want.ContactPhone = new("Ann"), new("ann@example.com"), new("+49 30 1")
		equal(t, "rows", query(t, t.store.UpdateTenant, db.UpdateTenantOf(want)), 1)
		want.Version++
		equal(t, "tenant", tenantNow(t, want), want)
		empty.Version = want.Version
		equal(t, "rows", query(t, t.store.UpdateTenant, db.UpdateTenantOf(empty)), 1)
		empty.Version++
		equal(t, "tenant", tenantNow(t, empty), empty)
	},
	"tenant/update of a stale version, or of none, changes nothing": func(t *T) {
		want := newTenant()
		exec(t, t.store.InsertTenant, db.InsertTenantParams(want))
		for _, change := range []func(*db.UpdateTenantParams){
			func(p *db.UpdateTenantParams) { p.Version++ },
			func(p *db.UpdateTenantParams) { p.ID = newID() },
		} {
			arg := db.UpdateTenantOf(want)
			arg.Name = "changed"
			change(&arg)
			equal(t, "rows", query(t, t.store.UpdateTenant, arg), 0)
		}
		equal(t, "tenant", tenantNow(t, want), want)
	},
	"tenant/update can't take another one's code": func(t *T) {
		first, second := newTenant(), newTenant()
		exec(t, t.store.InsertTenant, db.InsertTenantParams(first))
		exec(t, t.store.InsertTenant, db.InsertTenantParams(second))
		second.Code = first.Code
		_, err := t.store.UpdateTenant(t.Context(), db.UpdateTenantOf(second))
		isViolation(t, err, store.Unique, "tenants_code_key")
	},
	"tenant/delete needs the id and the version, and that nothing refers to it": func(t *T) {
		row := newTenant()
		exec(t, t.store.InsertTenant, db.InsertTenantParams(row))
		equal(t, "rows", query(t, t.store.DeleteTenant, db.DeleteTenantParams{ID: row.ID, Version: 2}), 0)
		equal(t, "rows", query(t, t.store.DeleteTenant, db.DeleteTenantParams{ID: newID(), Version: 1}), 0)
		c := company(t, newCompany(row.ID, "C"))
		_, err := t.store.DeleteTenant(t.Context(), db.DeleteTenantParams{ID: row.ID, Version: 1})
		isViolation(t, err, store.ForeignKey, "companies_tenant_id_fkey")
		query(t, t.store.DeleteCompany, db.DeleteCompanyParams{TenantID: row.ID, ID: c.ID, Version: 1})
		equal(t, "rows", query(t, t.store.DeleteTenant, db.DeleteTenantParams{ID: row.ID, Version: 1}), 1)
		fails(t, t.store.GetTenant, db.GetTenantParams{ID: row.ID}, store.ErrNotFound)
	},
	"tenant/usage counts only the tenant's rows": func(t *T) {
		for _, id := range []uuid.UUID{tenant(t), tenant(t)} {
			equal(t, "nothing", counts(t, id), [6]int64{})
			c := company(t, newCompany(id, "C"))
			company(t, newCompany(id, "D"))
			for i := range 3 {
				branch(t, newBranch(c, fmt.Sprint(i)))
			}
			for i := range 4 {
				department(t, newDepartment(c, fmt.Sprint(i)))
			}
			for i := range 5 {
				u := newUser(id)
				u.IsActive = i > 0
				user(t, u)
			}
			for range 7 {
				exec(t, t.store.InsertAuditEntry, db.InsertAuditEntryParams(newAuditEntry(id)))
			}
			equal(t, "counts", counts(t, id), [6]int64{2, 3, 4, 5, 4, 7})
		}
	},
	"tenant/codes come in order, page by page": func(t *T) {
		first, second := newTenant(), newTenant()
		first.Code, second.Code = "ZZ-"+first.Code[:20], "ZZ-"+first.Code[:20]+"-2"
		exec(t, t.store.InsertTenant, db.InsertTenantParams(second))
		exec(t, t.store.InsertTenant, db.InsertTenantParams(first))
		page := query(t, t.store.ListTenantCodes, db.ListTenantCodesParams{AfterCode: first.Code[:len(first.Code)-1], Limit: 1})
		equal(t, "first page", page, []db.ListTenantCodesRow{{ID: first.ID, Code: first.Code}})
		page = query(t, t.store.ListTenantCodes, db.ListTenantCodesParams{AfterCode: first.Code, Limit: 1})
		equal(t, "second page", page, []db.ListTenantCodesRow{{ID: second.ID, Code: second.Code}})
	},
}

// counts returns the numbers of companies, branches, departments, users, active users and audit
// entries.
func counts(t *T, id uuid.UUID) [6]int64 {
	t.Helper()
	return [6]int64{
		query(t, t.store.CountTenantCompanies, db.CountTenantCompaniesParams{TenantID: id}),
		query(t, t.store.CountTenantBranches, db.CountTenantBranchesParams{TenantID: id}),
		query(t, t.store.CountTenantDepartments, db.CountTenantDepartmentsParams{TenantID: id}),
		query(t, t.store.CountTenantUsers, db.CountTenantUsersParams{TenantID: id}),
		query(t, t.store.CountTenantActiveUsers, db.CountTenantActiveUsersParams{TenantID: id}),
		query(t, t.store.CountTenantAuditEntries, db.CountTenantAuditEntriesParams{TenantID: id}),
	}
}
