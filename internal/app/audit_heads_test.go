package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// until polls a condition until it holds.
func until(t *testing.T, what string, ask func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if ask() {
			return
		}
	}
	t.Fatalf("not within a minute: %s", what)
}

// An attacker with write access to the database deletes an entry and the seals, and waits for the
// server to seal the rest.
func TestTamperedTrailIsNotSealedAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		path := filepath.Join(t.TempDir(), "checkpoints")
		a := apitest.New(t, engine, func(c *config.Config) { c.AuditCheckpointFile, c.EnableMetrics = path, true })
		admin := a.Actor(t, access.Admin)
		tenantID := admin.User.TenantID.String()
		verified := func() api.AuditVerification {
			return apitest.Decode[api.AuditVerification](t, admin.Do(t, http.MethodGet, "/api/v1/audit/verify", "").Want(t, 200))
		}
		sealed := func() bool { v := verified(); return v.Waiting == 0 && v.Head.Seq > 0 }
		victim := a.AuditEntry(t, admin.User.TenantID)
		for _, code := range []string{"A", "B", "C"} {
			admin.Do(t, http.MethodPost, "/api/org/companies", `{"code":"`+code+`","name":"Company"}`).Want(t, 201)
			until(t, "everything is sealed", sealed)
		}
		known := verified()
		isKept := func() bool {
			content, _ := os.ReadFile(path)
			return strings.Contains(string(content), tenantID+" "+*known.Checkpoint)
		}
		if engine == store.SQLite { // one engine is enough for the slow part
			until(t, "the file has the checkpoint", isKept)
		}

		a.Exec(t, "DELETE FROM audit_entries WHERE id = '"+victim.ID.String()+"'")
		a.Exec(t, "DELETE FROM audit_links WHERE entry_id = '"+victim.ID.String()+"'")
		a.Exec(t, "DELETE FROM audit_seals WHERE tenant_id = '"+tenantID+"'")
		a.Exec(t, "UPDATE audit_links SET seal_number = 0 WHERE tenant_id = '"+tenantID+"'")
		admin.Do(t, http.MethodPost, "/api/org/companies", `{"code":"D","name":"Company"}`).Want(t, 201)
		until(t, "the metrics count the tenant", func() bool {
			return strings.Contains(string(a.Do(t, http.MethodGet, "/metrics", "").Want(t, 200).Body), "\ntenantry_audit_refused_tenants 1\n")
		})
		if v := verified(); v.Status != "tail_missing" || v.Head.Seq != 0 || *v.First.Seq != 1 {
			t.Errorf("%+v", v)
		}
		if log := a.Log.String(); strings.Count(log, `"known_checkpoint":"`+*known.Checkpoint+`"`) != 1 {
			t.Errorf("log:\n%s", log)
		}

		home := installation{url: a.Config.DatabaseURL.Reveal(), store: a.Store}.with("SECRET_KEY=" + a.Config.SecretKey.Reveal())
		tenant, err := a.Store.GetTenant(t.Context(), db.GetTenantParams{ID: admin.User.TenantID})
		if err != nil {
			t.Fatal(err)
		}
		code := tenant.Code
		if engine == store.SQLite {
			home = home.with(append(home.env, "AUDIT_CHECKPOINT_FILE="+path)...)
			status, stdout, _ := home.run("audit", "verify")
			if status != 1 || !hasLine(stdout, code, "tail_missing") {
				t.Errorf("status %d\n%s", status, stdout)
			}
			if status, stdout, stderr := home.run("audit", "checkpoint", "--tenant", code); status != 1 || stdout != "" || !strings.Contains(stderr, "is gone") {
				t.Errorf("checkpoint: status %d\n%s%s", status, stdout, stderr)
			}
		}
		if status, stdout, stderr := home.run("audit", "accept", "--tenant", code); status != 0 || !strings.Contains(stdout, "from number 0") {
			t.Errorf("accept: status %d\n%s%s", status, stdout, stderr)
		}
		until(t, "it is sealed again", sealed)
		if v := verified(); v.Status != "intact" {
			t.Errorf("%+v", v)
		}
		if entries := a.AuditEntries(t, admin.User.TenantID, "audit.accept"); len(entries) != 1 {
			t.Errorf("%d entries of the acceptance", len(entries))
		}
	})
}

func TestUnusableCheckpointFilePreventsTheStart(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, store.SQLite)
	bad := filepath.Join(t.TempDir(), "checkpoints")
	if err := os.WriteFile(bad, []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{bad: "line 1", "/nowhere/at/all": "no such file"} {
		home := home.with("AUDIT_CHECKPOINT_FILE="+path, "HTTP_ADDR=127.0.0.1:0")
		if status, _, stderr := home.run("serve"); status != 1 || !strings.Contains(stderr, "AUDIT_CHECKPOINT_FILE") || !strings.Contains(stderr, says) {
			t.Errorf("%s: status %d: %s", path, status, stderr)
		}
	}
	if status, _, stderr := home.run("audit", "accept"); status != 1 || !strings.Contains(stderr, "--tenant is missing") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// A missing tenant is no finding only if it was deleted through the API.
func TestVerifyReportsTenantsDeletedInTheDatabase(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, store.SQLite)
	gone := home.trail(t, "GONE", 0)
	home = home.with("AUDIT_CHECKPOINT_FILE=" + home.checkpoints(t))
	if status, stdout, stderr := home.run("audit", "verify"); status != 0 {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	for _, table := range []string{"audit_entries", "audit_links", "audit_seals"} {
		home.execf(t, "DELETE FROM %s WHERE tenant_id = '%s'", table, gone)
	}
	home.execf(t, "DELETE FROM tenants WHERE id = '%s'", gone)
	if status, _, stderr := home.run("audit", "verify"); status != 1 || !strings.Contains(stderr, gone.String()+" is in AUDIT_CHECKPOINT_FILE, and is gone") {
		t.Errorf("status %d: %s", status, stderr)
	}
}
