package storetest

import (
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// All tests of an engine see each other's tenants, so each list here is of those that carry a mark in their search text.
func newMarked(mark uuid.UUID, change func(*db.Tenant)) db.Tenant {
	row := newTenant()
	row.SearchText = mark.String()
	change(&row)
	return row
}

func marked(f db.CountTenantsParams, mark uuid.UUID) db.CountTenantsParams {
	pattern := "%" + mark.String() + "%"
	if f.Pattern != nil {
		pattern += *f.Pattern
	}
	f.Pattern = &pattern
	return f
}

var tenantListTests = map[string]func(*T){
	"tenant list/pages of any size hold every row once and in order": func(t *T) {
		mark := newID()
		var rows []db.Tenant
		for _, gap := range gaps {
			row := newMarked(mark, func(row *db.Tenant) { row.CreatedAt, row.NameKey = noon().Add(gap.after), gap.name })
			exec(t, t.store.InsertTenant, db.InsertTenantParams(row))
			rows = append(rows, row)
		}
		exec(t, t.store.InsertTenant, db.InsertTenantParams(newTenant()))
		tenantOrders.holdEveryRow(t, mark, rows)
	},
	"tenant list/filters": func(t *T) {
		mark, codes := newID(), map[string]string{}
		for name, change := range map[string]func(*db.Tenant){
			"A": func(row *db.Tenant) { row.SearchText += "alpha" },
			"B": func(row *db.Tenant) { row.Tier, row.SearchText = "basic", row.SearchText+"beta" },
			"C": func(row *db.Tenant) { row.Status = "suspended" },
			"D": func(row *db.Tenant) { row.Tier, row.Status = "basic", "suspended" },
		} {
			row := newMarked(mark, change)
			row.Name, codes[name] = name, row.Code
			exec(t, t.store.InsertTenant, db.InsertTenantParams(row))
		}
		tenantOrders.filter(t, mark, func(row db.Tenant) string { return row.Name }, countTenants, []filterCase[db.CountTenantsParams]{
			{"nothing", db.CountTenantsParams{}, "A B C D"},
			{"code", db.CountTenantsParams{Code: new(codes["B"])}, "B"},
			{"tier", db.CountTenantsParams{Tier: new("basic")}, "B D"},
			{"status", db.CountTenantsParams{Status: new("suspended")}, "C D"},
			{"pattern", db.CountTenantsParams{Pattern: new("%eta")}, "B"},
			{"several", db.CountTenantsParams{Tier: new("free"), Status: new("active")}, "A"},
		})
	},
}

func countTenants(t *T, mark uuid.UUID, f db.CountTenantsParams) int64 {
	t.Helper()
	return query(t, t.store.CountTenants, marked(f, mark))
}

var tenantOrders = listOrders[db.Tenant, db.CountTenantsParams]{
	place: func(row db.Tenant) place { return place{row.CreatedAt, row.NameKey, row.ID} },
	byCreatedAt: func(t *T, mark uuid.UUID, f db.CountTenantsParams, after place, limit int32) []db.Tenant {
		f = marked(f, mark)
		return query(t, t.store.ListTenantsByCreatedAt, db.ListTenantsByCreatedAtParams{
			AfterCreatedAt: after.at, AfterID: after.id, Limit: limit, Code: f.Code, Tier: f.Tier, Status: f.Status, Pattern: f.Pattern,
		})
	},
	byCreatedAtDesc: func(t *T, mark uuid.UUID, f db.CountTenantsParams, after place, limit int32) []db.Tenant {
		f = marked(f, mark)
		return query(t, t.store.ListTenantsByCreatedAtDesc, db.ListTenantsByCreatedAtDescParams{
			AfterCreatedAt: after.at, AfterID: after.id, Limit: limit, Code: f.Code, Tier: f.Tier, Status: f.Status, Pattern: f.Pattern,
		})
	},
	byName: func(t *T, mark uuid.UUID, f db.CountTenantsParams, after place, limit int32) []db.Tenant {
		f = marked(f, mark)
		return query(t, t.store.ListTenantsByName, db.ListTenantsByNameParams{
			AfterNameKey: after.name, AfterID: after.id, Limit: limit, Code: f.Code, Tier: f.Tier, Status: f.Status, Pattern: f.Pattern,
		})
	},
	byNameDesc: func(t *T, mark uuid.UUID, f db.CountTenantsParams, after place, limit int32) []db.Tenant {
		f = marked(f, mark)
		return query(t, t.store.ListTenantsByNameDesc, db.ListTenantsByNameDescParams{
			AfterNameKey: after.name, AfterID: after.id, Limit: limit, Code: f.Code, Tier: f.Tier, Status: f.Status, Pattern: f.Pattern,
		})
	},
}
