package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
)

// exported decodes an NDJSON export.
func exported(t *testing.T, reply apitest.Reply) []api.AuditEntry {
	t.Helper()
	reply.Want(t, 200)
	var entries []api.AuditEntry
	lines := bufio.NewScanner(bytes.NewReader(reply.Body))
	for lines.Scan() {
		var e api.AuditEntry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%v: %s", err, lines.Bytes())
		}
		entries = append(entries, e)
	}
	return entries
}

func TestExportAuditLogs(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		newFilterable(t, a, admin.User.TenantID)
		newFilterable(t, a, a.Tenant(t).ID)
		t.Run("200 ndjson, beginning with its own entry", func(t *testing.T) {
			reply := admin.Do(t, http.MethodGet, auditExportPath, "")
			entries := exported(t, reply)
			if len(entries) != 6+2 || entries[0].Action != "audit.export" || entries[0].RequestID != reply.Header.Get("X-Request-Id") || entries[1].Action != "auth.login" {
				t.Errorf("%d entries, the first is %+v", len(entries), entries[0])
			}
			name := reply.Header.Get("Content-Disposition")
			if !strings.HasPrefix(name, `attachment; filename="audit-20`) || !strings.HasSuffix(name, `Z.ndjson"`) {
				t.Errorf("Content-Disposition %s", name)
			}
			if got := reply.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control %q", got)
			}
			for i, e := range entries {
				if e.TenantID != admin.User.TenantID {
					t.Errorf("export has an entry of another tenant: %+v", e)
				}
				if i > 0 && e.Time.After(entries[i-1].Time.Time) {
					t.Errorf("entry %d is newer than the one before", i)
				}
			}
		})
		t.Run("200 csv", func(t *testing.T) {
			label := `=cmd|' /C calc'!A0,"quoted"`
			a.AuditEntry(t, admin.User.TenantID, func(e *db.AuditEntry) {
				e.OccurredAt, e.EntityLabel, e.Changes = someDay.Add(-time.Hour), &label, json.RawMessage(`{"name":{"before":"a,b","after":"c\nd"}}`)
			})
			reply := admin.Do(t, http.MethodGet, auditExportPath+"?format=csv&to=2026-01-31T12:00:01Z", "").Want(t, 200)
			if got := reply.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
				t.Errorf("Content-Type %q", got)
			}
			rows, err := csv.NewReader(bytes.NewReader(reply.Body)).ReadAll()
			if err != nil || len(rows) != 1+2 || !bytes.HasPrefix(reply.Body, []byte("id,time,tenant_id,")) || !bytes.HasSuffix(reply.Body, []byte("\r\n")) {
				t.Fatalf("%v: %s", err, reply.Body)
			}
			row := map[string]string{}
			for i, name := range rows[0] {
				row[name] = rows[2][i]
			}
			var changes map[string]map[string]string
			if err := json.Unmarshal([]byte(row["changes"]), &changes); err != nil || changes["name"]["after"] != "c\nd" {
				t.Errorf("changes %q: %v", row["changes"], err)
			}
			if row["entity_label"] != "'"+label || row["time"] != "2026-01-31T11:00:00.000000Z" || row["actor_id"] != "" || row["tenant_id"] != admin.User.TenantID.String() {
				t.Errorf("row %v", row)
			}
		})
		t.Run("200 with filters, which are in the audit entry", func(t *testing.T) {
			entries := exported(t, admin.Do(t, http.MethodGet, auditExportPath+"?action=company.*&q=company&outcome=success&tenant_id="+admin.User.TenantID.String(), ""))
			if len(entries) != 3 || entries[0].Action != "company.delete" {
				t.Errorf("%+v", entries)
			}
			written := a.AuditEntries(t, admin.User.TenantID, "audit.export")
			last := written[len(written)-1]
			want := map[string]string{"format": "ndjson", "action": "company.*", "q": "company", "outcome": "success"}
			for name, value := range want {
				if last.Changes[name].After != value {
					t.Errorf("%s is %v, want %s", name, last.Changes[name].After, value)
				}
			}
			if len(last.Changes) != len(want) || last.ActorID != admin.User.ID.String() || last.Outcome != "success" {
				t.Errorf("%+v", last)
			}
		})
		t.Run("200 without entries", func(t *testing.T) {
			if got := exported(t, admin.Do(t, http.MethodGet, auditExportPath+"?action=branch.delete", "")); len(got) != 0 {
				t.Errorf("%+v", got)
			}
			if got := admin.Do(t, http.MethodGet, auditExportPath+"?action=branch.delete&format=csv", "").Want(t, 200); bytes.Count(got.Body, []byte("\n")) != 1 {
				t.Errorf("%s", got.Body)
			}
		})
		t.Run("422 leaves no entry", func(t *testing.T) {
			before := len(a.AuditEntries(t, admin.User.TenantID, "audit.export"))
			admin.Do(t, http.MethodGet, auditExportPath+"?format=xml", "").WantField(t, "format", "not_allowed")
			admin.Do(t, http.MethodGet, auditExportPath+"?limit=5", "").WantField(t, "limit", "unknown")
			admin.Do(t, http.MethodGet, auditExportPath+"?action=company.created", "").WantField(t, "action", "not_allowed")
			admin.Do(t, http.MethodGet, auditExportPath+"?ip=x", "").WantField(t, "ip", "format")
			admin.Do(t, http.MethodGet, auditExportPath+"?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "").WantField(t, "from", "maximum")
			if after := len(a.AuditEntries(t, admin.User.TenantID, "audit.export")); after != before {
				t.Errorf("%d entries for refused exports", after-before)
			}
		})
		t.Run("500 when the export's entry can't be written", func(t *testing.T) {
			a.Exec(t, "ALTER TABLE audit_entries RENAME TO elsewhere")
			admin.Do(t, http.MethodGet, auditExportPath, "").WantCode(t, 500, "internal")
			admin.Do(t, http.MethodGet, auditPath, "").WantCode(t, 500, "internal")
		})
	})
}

func TestExportOfManyEntries(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		const rows = 20_000
		admin := a.Actor(t, access.Admin)
		insertMany(t, a, admin.User.TenantID, rows)
		entries := exported(t, admin.Do(t, http.MethodGet, auditExportPath, ""))
		if len(entries) != rows+2 {
			t.Fatalf("%d entries, want %d, the export and the log-in", len(entries), rows)
		}
		for i, e := range entries[2:] {
			// Seven entries have the same time. The greatest id comes first among them.
			if want := fmt.Sprint(rows - 1 - i); e.UserAgent != want {
				t.Fatalf("entry %d is number %s, want %s", i, e.UserAgent, want)
			}
		}
	})
}

// insertMany adds entries, seven at each time. Their user agents count them by time and id.
func insertMany(t *testing.T, a *apitest.App, tenantID uuid.UUID, rows int) {
	t.Helper()
	const format = "2006-01-02 15:04:05.999999"
	zone, changes := "+00:00", `'{}'`
	switch a.Engine {
	case store.MySQL:
		zone = ""
	case store.SQLite:
		changes = `x'7b7d'` // as the driver writes it
	case store.Postgres:
	}
	pool := a.Database(t)
	for done := 0; done < rows; {
		var values []string
		for ; done < rows && len(values) < 2000; done++ {
			at := someDay.Add(time.Duration(done/7) * time.Millisecond)
			values = append(values, fmt.Sprintf(`('%s','%08x-0000-7000-8000-000000000000','%s','%s',false,'test.entry','test',%s,'success','192.0.2.1','%d','r','PUT','/','')`,
				tenantID, done, at.Format(format)+zone, at.Format(time.DateOnly), changes, done))
		}
		_, err := pool.ExecContext(t.Context(), `INSERT INTO audit_entries (tenant_id, id, occurred_at, occurred_on, actor_is_superuser, action, action_area, changes,
			outcome, ip, user_agent, request_id, method, path, search_text) VALUES `+strings.Join(values, ","))
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestExportWithoutAuditEntryIsRefused(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	admin := a.Actor(t, access.Admin)
	a.Exec(t, "CREATE TRIGGER full BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'full'); END")
	admin.Do(t, http.MethodGet, auditPath, "").Want(t, 200)
	admin.Do(t, http.MethodGet, auditExportPath, "").WantCode(t, 500, "internal")
}

// TestBrokenExportIsSeenByTheClient exports entries of which one in the last batch can't be read.
func TestBrokenExportIsSeenByTheClient(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	admin := a.Actor(t, access.Admin)
	insertMany(t, a, admin.User.TenantID, 1200)
	a.Exec(t, "UPDATE audit_entries SET changes = '{' WHERE user_agent = '5'")
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, a.URL+auditExportPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+admin.AccessToken)
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if response.StatusCode != 200 || !errors.Is(err, io.ErrUnexpectedEOF) || bytes.Count(body, []byte("\n")) < 500 {
		t.Errorf("status %d, %d lines, then %v; want an unexpected end", response.StatusCode, bytes.Count(body, []byte("\n")), err)
	}
}
