package app_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// execf runs a statement directly in the database.
func (i installation) execf(t *testing.T, format string, args ...any) {
	t.Helper()
	statement := fmt.Sprintf(format, args...)
	if _, err := apitest.OpenDatabase(t, i.store.Engine(), i.url).ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// checkpoints writes a file of checkpoints and returns its path.
func (i installation) checkpoints(t *testing.T) string {
	t.Helper()
	status, stdout, stderr := i.run("audit", "checkpoint")
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	path := filepath.Join(t.TempDir(), "checkpoints")
	if err := os.WriteFile(path, []byte(stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAuditVerify(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		home := newInstallation(t, engine)
		times := []time.Duration{0, 0, 0, 0, 0}
		intact := home.trail(t, "WHOLE", times...)
		edited := home.trail(t, "EDITED", times...)
		holed := home.trail(t, "HOLED", times...)

		status, stdout, stderr := home.run("audit", "verify")
		if status != 0 || strings.Count(stdout, "intact: 5 entries") != 3 || strings.Count(stdout, "5 of them wait for their seal") != 3 || stderr != "" {
			t.Errorf("status %d\n%s%s", status, stdout, stderr)
		}
		kept := home.checkpoints(t)
		status, stdout, _ = home.run("audit", "verify", "--checkpoint", kept)
		if status != 0 || strings.Contains(stdout, "wait") || !strings.Contains(stdout, "PLATFORM") {
			t.Errorf("with the checkpoint: status %d\n%s", status, stdout)
		}

		third := func(tenantID uuid.UUID) uuid.UUID { return home.entries(t, tenantID)[2].ID } // in either order
		editedID, holedID := third(edited), third(holed)
		home.execf(t, "UPDATE audit_entries SET reason = 'because' WHERE id = '%s'", editedID)
		home.execf(t, "DELETE FROM audit_entries WHERE id = '%s'", holedID)
		status, stdout, stderr = home.run("audit", "verify")
		for tenant, says := range map[string]string{
			"EDITED ": fmt.Sprintf("altered       Entry number 3 (%s, of 2025-01-01T00:00:00Z) is not as it was written.", editedID),
			"HOLED ":  fmt.Sprintf("missing       Entry number 3 (%s, of 2025-01-01T00:00:00Z) is missing, and was not pruned.", holedID),
			"WHOLE ":  "intact",
		} {
			if !hasLine(stdout, tenant, says) {
				t.Errorf("%s: want %s\n%s", tenant, says, stdout)
			}
		}
		if status != 1 || !strings.Contains(stderr, "can't be verified: 2") {
			t.Errorf("status %d: %s", status, stderr)
		}

		status, stdout, _ = home.run("audit", "verify", "--tenant", "whole")
		if status != 0 || strings.Count(stdout, "\n") != 1 || !strings.HasPrefix(stdout, "WHOLE ") {
			t.Errorf("of one tenant: status %d\n%s", status, stdout)
		}
		status, stdout, _ = home.run("audit", "verify", "--tenant", "HOLED", "--json")
		var line struct {
			Code, Status string
			TenantID     uuid.UUID `json:"tenant_id"`
			First        struct{ Seq int }
		}
		if err := json.Unmarshal([]byte(stdout), &line); err != nil || status != 1 || line.Code != "HOLED" || line.TenantID != holed || line.Status != "missing" || line.First.Seq != 3 {
			t.Errorf("as JSON: status %d, %v\n%s", status, err, stdout)
		}

		for _, table := range []string{"audit_entries", "audit_links", "audit_seals"} {
			home.execf(t, "DELETE FROM %s WHERE tenant_id = '%s'", table, intact)
		}
		status, stdout, _ = home.run("audit", "verify", "--checkpoint", kept)
		if status != 1 || !hasLine(stdout, "WHOLE ", "tail_missing") {
			t.Errorf("without the tail: status %d\n%s", status, stdout)
		}
		for _, table := range []string{"audit_entries", "audit_links", "audit_seals"} {
			home.execf(t, "DELETE FROM %s WHERE tenant_id IN ('%s', '%s')", table, edited, holed)
		}
		home.execf(t, "DELETE FROM tenants WHERE id IN ('%s', '%s')", edited, holed)
		status, _, stderr = home.run("audit", "verify", "--checkpoint", kept)
		if status != 1 || !strings.Contains(stderr, "tenant EDITED ("+edited.String()+") has a checkpoint, and is gone") || !strings.Contains(stderr, "tenant HOLED") {
			t.Errorf("without two tenants: status %d\n%s", status, stderr)
		}
	})
}

func hasLine(text, begins, has string) bool {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, begins) && strings.Contains(line, has) {
			return true
		}
	}
	return false
}

func TestAuditVerifyNeedsTheRightKey(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, store.SQLite)
	home.trail(t, "T", 0, 1)
	kept := home.checkpoints(t)
	const newKey = "AUDIT_KEY=Zr4nVbT8wQyL2mXcD6sKfH9pJ3gEuA5i"
	status, stdout, _ := home.with(newKey).run("audit", "verify")
	if status != 1 || !hasLine(stdout, "T ", "unknown_key") {
		t.Errorf("with another key: status %d\n%s", status, stdout)
	}
	status, _, stderr := home.with(newKey).run("audit", "verify", "--checkpoint", kept)
	if status != 1 || !strings.Contains(stderr, "made with one of the keys in use") {
		t.Errorf("its checkpoint: status %d\n%s", status, stderr)
	}
	status, stdout, stderr = home.with(newKey, "AUDIT_KEY_PREVIOUS=x-and-not-the-one-that-signed-but-long, "+secretKey).run("audit", "verify", "--checkpoint", kept)
	if status != 0 {
		t.Errorf("with the key of the signatures: status %d\n%s%s", status, stdout, stderr)
	}
}

func TestAuditVerifyRefusesInvalidCheckpoints(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, store.SQLite)
	home.trail(t, "T", 0)
	good, err := os.ReadFile(home.checkpoints(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ content, says string }{
		"no checkpoints": {"hello\n", "line 1"},
		"no tenant":      {"\nx T tnt1.x\n", "line 2"},
		"a line twice":   {string(good) + string(good), "is the second one for tenant"},
		"forged":         {strings.ReplaceAll(string(good), "tnt1.", "tnt1.x"), "its checkpoint can't be used"},
		"a huge line":    {strings.Repeat("x", 100_000), "token too long"},
	} {
		path := filepath.Join(t.TempDir(), "checkpoints")
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if status, _, stderr := home.run("audit", "verify", "--checkpoint", path); status != 1 || !strings.Contains(stderr, test.says) {
			t.Errorf("%s: status %d: %s", name, status, stderr)
		}
	}
	for _, args := range [][]string{{"--checkpoint", "/nowhere/at/all"}, {"--tenant", "NOBODY"}} {
		if status, stdout, stderr := home.run(append([]string{"audit", "verify"}, args...)...); status != 1 || stdout != "" || stderr == "" {
			t.Errorf("%v: status %d: %s%s", args, status, stdout, stderr)
		}
	}
}
