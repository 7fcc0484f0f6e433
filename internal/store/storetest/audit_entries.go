package storetest

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

func newAuditEntry(tenant uuid.UUID) db.AuditEntry {
	return db.AuditEntry{
		TenantID: tenant, ID: newID(), OccurredAt: noon(), OccurredOn: "2026-11-23", Action: "company.create", ActionArea: "company", Changes: json.RawMessage(`{}`), Outcome: "success",
		IP: "192.0.2.1", UserAgent: "test", RequestID: "r", Method: "POST", Path: "/api/v1/org/companies", SearchText: "text",
	}
}

// auditEntry inserts an entry and returns it.
func auditEntry(t *T, row db.AuditEntry) db.AuditEntry {
	t.Helper()
	exec(t, t.store.InsertAuditEntry, db.InsertAuditEntryParams(row))
	return query(t, t.store.GetAuditEntry, db.GetAuditEntryParams{TenantID: row.TenantID, ID: row.ID})
}

var auditTests = map[string]func(*T){
	"audit/null comes back as null": func(t *T) {
		want := newAuditEntry(tenant(t))
		equal(t, "entry", auditEntry(t, want), want)
	},
	"audit/every field comes back": func(t *T) {
		want := newAuditEntry(tenant(t))
		want.ActorID, want.ActorEmail, want.ActorRole, want.ActorIsSuperuser = new(newID()), new("a@example.com"), new("admin"), true
		want.SessionID, want.EntityType, want.EntityID, want.EntityLabel = new(newID()), new("company"), new(newID()), new("Acme")
		want.OccurredAt, want.Outcome, want.Reason = noon().Add(time.Second), "denied", new("role")
		want.OccurredOn, want.SearchText = "2026-11-24", "another text"
		equal(t, "entry", auditEntry(t, want), want)
	},
	"audit/missing": func(t *T) {
		fails(t, t.store.GetAuditEntry, db.GetAuditEntryParams{TenantID: tenant(t), ID: newID()}, store.ErrNotFound)
	},
	"audit/another tenant's is missing": func(t *T) {
		e := auditEntry(t, newAuditEntry(tenant(t)))
		fails(t, t.store.GetAuditEntry, db.GetAuditEntryParams{TenantID: tenant(t), ID: e.ID}, store.ErrNotFound)
	},
	"audit/needs a tenant": func(t *T) {
		refuse(t, t.store.InsertAuditEntry, db.InsertAuditEntryParams(newAuditEntry(newID())), store.ForeignKey, "audit_entries_tenant_id_fkey")
	},
	"audit/outcome is one of three": func(t *T) {
		e := newAuditEntry(tenant(t))
		e.Outcome = "perhaps"
		refuse(t, t.store.InsertAuditEntry, db.InsertAuditEntryParams(e), store.Check, "audit_entries_outcome_check")
	},
}
