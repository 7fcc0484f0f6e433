package storetest

import (
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// newMarked returns a tenant whose search text contains a mark. Each test lists only the tenants
// with its own mark, because all tests of an engine share the tenants.
func newMarked(mark uuid.UUID, change func(*db.Tenant)) db.Tenant {
	row := newTenant()
	row.SearchText = mark.String()
	change(&row)
	return row
}

func marked(mark uuid.UUID, f db.TenantFilters) db.TenantFilters {
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
		tenantList.holdEveryRow(t, mark, rows)
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
		tenantList.filter(t, mark, func(row db.Tenant) string { return row.Name }, []filterCase[db.TenantFilters]{
			{"nothing", db.TenantFilters{}, "A B C D"},
			{"code", db.TenantFilters{Code: new(codes["B"])}, "B"},
			{"tier", db.TenantFilters{Tier: new("basic")}, "B D"},
			{"status", db.TenantFilters{Status: new("suspended")}, "C D"},
			{"pattern", db.TenantFilters{Pattern: new("%eta")}, "B"},
			{"several", db.TenantFilters{Tier: new("free"), Status: new("active")}, "A"},
		})
	},
}

var tenantList = listOf[db.Tenant, db.TenantFilters]{
	List:  db.TenantList,
	place: func(row db.Tenant) place { return place{row.CreatedAt, row.NameKey, row.ID} },
	in:    marked,
}
