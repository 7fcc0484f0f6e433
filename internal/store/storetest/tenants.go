package storetest

import (
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
	"tenant/status is one of two": func(t *T) {
		row := newTenant()
		row.Status = "gone"
		refuse(t, t.store.InsertTenant, db.InsertTenantParams(row), store.Check, "tenants_status_check")
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
