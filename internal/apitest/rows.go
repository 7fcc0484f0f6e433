package apitest

import (
	"database/sql"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	_ "github.com/go-sql-driver/mysql" // the drivers, to open the database without the store
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/store"
)

// Database opens a connection of its own to the application's database, so that a test sees the
// stored rows.
func (a *App) Database(t testing.TB) *sql.DB {
	t.Helper()
	return OpenDatabase(t, a.Engine, a.Config.DatabaseURL.Reveal())
}

// OpenDatabase opens a database without the store.
func OpenDatabase(t testing.TB, engine store.Engine, databaseURL string) *sql.DB {
	t.Helper()
	driver, source := "pgx", databaseURL
	switch engine {
	case store.Postgres:
	case store.MySQL:
		u, err := url.Parse(databaseURL)
		if err != nil {
			t.Fatalf("read database URL: %v", err)
		}
		driver, source = "mysql", u.User.String()+"@tcp("+u.Host+")"+u.Path
	case store.SQLite:
		driver, source = "sqlite", strings.TrimPrefix(databaseURL, "sqlite:///")+"?_pragma=busy_timeout(10000)"
	}
	pool, err := sql.Open(driver, source)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

// Exec runs a statement without the store, and then empties the application's session cache.
func (a *App) Exec(t testing.TB, statement string) {
	t.Helper()
	if _, err := a.Database(t).ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if a.Sessions != nil { // nil if the application runs in another process
		a.Sessions.Changed(t.Context(), invalidation.Everybody)
	}
}

// AuditEntry has the fields of an audit entry that tests inspect.
type AuditEntry struct {
	Action, Outcome, EntityID, EntityLabel, ActorID, RequestID, Reason string

	Changes map[string]struct{ Before, After any }
}

// AuditEntries returns the entries of a tenant with this action, oldest first.
func (a *App) AuditEntries(t testing.TB, tenantID uuid.UUID, action string) []AuditEntry {
	t.Helper()
	// Both values come from the test itself, so they need no parameters.
	rows, err := a.Database(t).QueryContext(t.Context(), `
		SELECT action, outcome, entity_id, entity_label, actor_id, request_id, reason, changes
		FROM audit_entries WHERE tenant_id = '`+tenantID.String()+`' AND action = '`+action+`' ORDER BY id`)
	if err != nil {
		t.Fatalf("read audit entries: %v", err)
	}
	defer rows.Close()
	var entries []AuditEntry
	for rows.Next() {
		var e AuditEntry
		var changes []byte
		var entityID, label, actorID, reason sql.NullString
		if err := rows.Scan(&e.Action, &e.Outcome, &entityID, &label, &actorID, &e.RequestID, &reason, &changes); err != nil {
			t.Fatalf("read audit entry: %v", err)
		}
		e.EntityID, e.EntityLabel, e.ActorID, e.Reason = entityID.String, label.String, actorID.String, reason.String
		if err := json.Unmarshal(changes, &e.Changes); err != nil {
			t.Fatalf("read changes: %v: %s", err, changes)
		}
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("read audit entries: %v", err)
	}
	return entries
}
