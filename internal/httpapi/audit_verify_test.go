package httpapi_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/internal/audit"
)

const auditVerifyPath = "/api/v1/audit/verify"

// sealed seals all waiting entries, so that no test has to wait for the sealer.
func sealed(t *testing.T, a *apitest.App, tenantID uuid.UUID) {
	t.Helper()
	keys, err := app.AuditKeys(a.Config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.NewSealer(a.Store, keys, nil).Seal(t.Context(), tenantID); err != nil {
		t.Fatal(err)
	}
}

func verified(t *testing.T, admin *apitest.Actor, query string) api.AuditVerification {
	t.Helper()
	return apitest.Decode[api.AuditVerification](t, admin.Do(t, http.MethodGet, auditVerifyPath+query, "").Want(t, 200))
}

func TestVerifyAuditTrail(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		tenantID := admin.User.TenantID
		var entries []db.AuditEntry
		for range 4 {
			entries = append(entries, a.AuditEntry(t, tenantID))
		}
		admin.Do(t, http.MethodPost, companiesPath, `{"code":"A","name":"Alpha"}`).Want(t, 201)
		sealed(t, a, tenantID)
		kept := verified(t, admin, "")
		checkpoint := "?checkpoint=" + url.QueryEscape(*kept.Checkpoint)

		t.Run("200 intact", func(t *testing.T) {
			// Entries: the log-in, the four fixtures and the company.
			if kept.Status != "intact" || kept.Entries != 6 || kept.Waiting != 0 || kept.Head.Seq != 6 || kept.First != nil {
				t.Errorf("%+v", kept)
			}
			a.AuditEntry(t, tenantID)
			if v := verified(t, admin, checkpoint); v.Status != "intact" || v.Entries != 7 {
				t.Errorf("after more entries, with the checkpoint: %+v", v)
			}
		})
		t.Run("200 of another tenant for a superuser", func(t *testing.T) {
			super := a.Superuser(t)
			if v := verified(t, super, "?tenant_id="+tenantID.String()); v.Status != "intact" || v.Entries < 7 {
				t.Errorf("%+v", v)
			}
			reply := super.Do(t, http.MethodGet, auditVerifyPath+checkpoint, "")
			reply.WantCode(t, 422, "validation_failed")
			reply.WantField(t, "checkpoint", "not_allowed")
		})
		t.Run("422 for a malformed checkpoint", func(t *testing.T) {
			for _, query := range []string{"?checkpoint=x", checkpoint + "x"} {
				reply := admin.Do(t, http.MethodGet, auditVerifyPath+query, "")
				reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, "checkpoint", "not_allowed")
			}
		})
		t.Run("200 altered", func(t *testing.T) {
			a.Exec(t, "UPDATE audit_entries SET path = '/elsewhere' WHERE id = '"+entries[2].ID.String()+"'")
			v := verified(t, admin, checkpoint)
			if v.Status != "altered" || *v.First.ID != entries[2].ID || v.First.Seq == nil || !v.First.Time.Equal(entries[2].OccurredAt) || v.Checkpoint != nil {
				t.Errorf("%+v", v)
			}
			a.Exec(t, "UPDATE audit_entries SET path = '/' WHERE id = '"+entries[2].ID.String()+"'")
			if v := verified(t, admin, checkpoint); v.Status != "intact" {
				t.Errorf("after the entry was restored: %+v", v)
			}
		})
		t.Run("200 tail missing", func(t *testing.T) {
			for _, table := range []string{"audit_entries", "audit_links", "audit_seals"} {
				a.Exec(t, "DELETE FROM "+table+" WHERE tenant_id = '"+tenantID.String()+"'")
			}
			if v := verified(t, admin, checkpoint); v.Status != "tail_missing" || *v.First.Seq != 1 || v.First.ID != nil || v.Head.Seq != 0 {
				t.Errorf("%+v", v)
			}
		})
	})
}
