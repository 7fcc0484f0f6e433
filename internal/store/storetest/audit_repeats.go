package storetest

import (
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

var auditRepeatTests = map[string]func(*T){
	"audit repeats/are counted": func(t *T) {
		e := auditEntry(t, newAuditEntry(tenant(t)))
		key := db.AddAuditRepeatParams{TenantID: e.TenantID, EntryID: e.ID}
		equal(t, "rows of an entry without repeats", query(t, t.store.AddAuditRepeat, key), 0)
		fails(t, t.store.GetAuditRepeats, db.GetAuditRepeatsParams(key), store.ErrNotFound)
		exec(t, t.store.InsertAuditRepeats, db.InsertAuditRepeatsParams{TenantID: e.TenantID, EntryID: e.ID, Requests: 2})
		equal(t, "rows", query(t, t.store.AddAuditRepeat, key), 1)
		want := db.AuditRepeat{TenantID: e.TenantID, EntryID: e.ID, Requests: 3}
		equal(t, "repeats", query(t, t.store.GetAuditRepeats, db.GetAuditRepeatsParams(key)), want)
		other := db.AddAuditRepeatParams{TenantID: tenant(t), EntryID: e.ID}
		equal(t, "rows of another tenant", query(t, t.store.AddAuditRepeat, other), 0)
	},
	"audit repeats/go with their entry": func(t *T) {
		e := auditEntry(t, newAuditEntry(tenant(t)))
		exec(t, t.store.InsertAuditRepeats, db.InsertAuditRepeatsParams{TenantID: e.TenantID, EntryID: e.ID, Requests: 2})
		upTo := db.DeleteAuditEntriesUpToParams{TenantID: e.TenantID, LastOccurredAt: e.OccurredAt, LastID: e.ID}
		equal(t, "deleted entries", query(t, t.store.DeleteAuditEntriesUpTo, upTo), 1)
		fails(t, t.store.GetAuditRepeats, db.GetAuditRepeatsParams{TenantID: e.TenantID, EntryID: e.ID}, store.ErrNotFound)
	},
	"audit repeats/need an entry": func(t *T) {
		row := db.InsertAuditRepeatsParams{TenantID: tenant(t), EntryID: newID(), Requests: 2}
		refuse(t, t.store.InsertAuditRepeats, row, store.ForeignKey, "audit_repeats_tenant_id_entry_id_fkey")
	},
}
