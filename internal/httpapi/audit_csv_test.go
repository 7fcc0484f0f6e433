package httpapi_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// rowsOf parses CSV (RFC 4180) and removes the apostrophe that begins a cell. The reader of
// encoding/csv would change line ends within cells.
func rowsOf(t *testing.T, body string) (rows [][]string) {
	t.Helper()
	var row []string
	for body != "" {
		var cell string
		if strings.HasPrefix(body, `"`) {
			end := 1
			for strings.HasPrefix(body[end:], `""`) || !strings.HasPrefix(body[end:], `"`) {
				if strings.HasPrefix(body[end:], `""`) {
					end++
				}
				if end++; end >= len(body) {
					t.Fatalf("unterminated cell: %q", body)
				}
			}
			cell, body = strings.ReplaceAll(body[1:end], `""`, `"`), body[end+1:]
		} else {
			end := strings.IndexAny(body, ",\r\n\"")
			if end < 0 {
				t.Fatalf("unterminated row: %q", body)
			}
			cell, body = body[:end], body[end:]
		}
		row = append(row, strings.TrimPrefix(cell, "'"))
		switch {
		case strings.HasPrefix(body, ","):
			body = body[1:]
		case strings.HasPrefix(body, "\r\n"):
			rows, row, body = append(rows, row), nil, body[2:]
		default:
			t.Fatalf("a cell is followed by %q", body)
		}
	}
	return rows
}

// awkward are texts that a spreadsheet might misread.
var awkward = []string{
	"a\rb", "a\nb", "a\r\nb", "\r", "\n", "\r\n", "a\n\r\n\rb", `"`, `""`, `a"b,c`, ",", "; =1", " a ", "\t", "'", "''", "'=1", "=1", "+1", "-1", "@a", "\n=1", "\r\n=1", " \t=1",
	"\u200b=1", "\u202e=1", "\u00a0=1", "\ufeff=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "\u22121", "\x1b[31mred", "red\x1b]0;title\x07", "\x7f", "\u009b31m",
	"\u2028", "\u2029", "\u0301=1", "\u3164=1", "\U0001f9ed", "Müller", "<b>&", "\ufffd", "\v=1", "a\u0085b",
}

func TestCSVAndNDJSONExportsAreEqual(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		random := rand.New(rand.NewPCG(1, 2))
		texts := awkward
		for range 30 {
			var b strings.Builder
			for range 1 + random.IntN(6) {
				b.WriteString(awkward[random.IntN(len(awkward))])
			}
			texts = append(texts, b.String())
		}
		actor := uuid.New()
		for i := 0; i+2 < len(texts); i += 3 {
			changes, err := json.Marshal(map[string]any{"name": map[string]any{"before": texts[i], "after": texts[i+1]}})
			if err != nil {
				t.Fatal(err)
			}
			a.AuditEntry(t, admin.User.TenantID, func(e *db.AuditEntry) {
				e.EntityLabel, e.Reason, e.UserAgent, e.Changes, e.ActorID, e.ActorEmail = &texts[i], &texts[i+1], texts[i+2], changes, &actor, &texts[i+2]
			})
		}
		rows := rowsOf(t, string(admin.Do(t, http.MethodGet, auditExportPath+"?format=csv&action=test.entry", "").Want(t, 200).Body))
		entries := exported(t, admin.Do(t, http.MethodGet, auditExportPath+"?action=test.entry", ""))
		if want := len(texts) / 3; len(rows) != 1+want || len(entries) != want {
			t.Fatalf("%d rows and %d lines, want a header and %d of each", len(rows), len(entries), want)
		}
		for i, row := range rows[1:] {
			for column, want := range cellsOf(t, entries[i]) {
				got := row[slices.Index(rows[0], column)]
				if column == "changes" {
					got = compacted(t, got)
				}
				if got != want {
					t.Errorf("%s of row %d is %q, and NDJSON has %q", column, i, got, want)
				}
			}
		}
	})
}

// cellsOf returns the columns of an entry that are texts in CSV.
func cellsOf(t *testing.T, e api.AuditEntry) map[string]string {
	t.Helper()
	return map[string]string{
		"id": e.ID.String(), "action": e.Action, "entity_label": *e.EntityLabel, "reason": *e.Reason, "user_agent": e.UserAgent,
		"actor_email": *e.Actor.Email, "changes": compacted(t, string(e.Changes)), "request_id": e.RequestID, "path": e.Path, "ip": e.IP,
	}
}

// compacted encodes JSON again, because each database formats it differently.
func compacted(t *testing.T, text string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}
