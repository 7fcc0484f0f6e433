package apitest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/isolation"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	auditTable = "audit_entries"
	lockCount  = "lock_count" // changes with every lock, even when a request only reads
)

// Witness implements isolation.Witness with direct access to every row of every table.
type Witness struct {
	engine   store.Engine
	database *sql.DB
	tables   []string
	trail    map[string]string    // all entries seen so far, by id
	trailOf  map[string]uuid.UUID // the tenants of the entries
	newest   string
}

// Witness returns a witness for the application's database.
func (a *App) Witness(t testing.TB) *Witness {
	t.Helper()
	return &Witness{engine: a.Engine, database: a.Database(t)}
}

// Begin reads the names of the tables.
func (w *Witness) Begin(ctx context.Context, _ isolation.World) error {
	catalogue := map[store.Engine]string{
		store.Postgres: "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
		store.MySQL:    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = database()",
		store.SQLite:   "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
	}
	rows, err := w.query(ctx, catalogue[w.engine])
	if err != nil {
		return err
	}
	for _, r := range rows {
		// Entries covers the audit trail. Sealing it changes the other audit tables at any time.
		if table := r.column("name"); !strings.HasPrefix(table, "audit_") && !strings.HasPrefix(table, "goose") {
			w.tables = append(w.tables, table)
		}
	}
	if len(w.tables) < 7 {
		return fmt.Errorf("found only the tables %v", w.tables)
	}
	w.trail, w.trailOf = map[string]string{}, map[string]uuid.UUID{}
	_, err = w.Entries(ctx)
	return err
}

// SeesAll returns true: no row is hidden from this witness.
func (w *Witness) SeesAll() bool { return true }

// State returns all rows except those of the audit trail.
func (w *Witness) State(ctx context.Context) (isolation.State, error) {
	state := isolation.State{}
	for _, table := range w.tables {
		rows, err := w.all(ctx, table, "")
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			key := isolation.Row{Table: table, Tenant: r.id("tenant_id"), Key: r.column("id")}
			switch table {
			case "tenants":
				key.Tenant = r.id("id")
			case "accounts":
				key.Tenant = r.id("managed_by")
			}
			if key.Key == "" {
				key.Key = r.String()
			}
			state[key] = r.String()
		}
	}
	return state, nil
}

// Entries returns the audit entries written since the last call.
func (w *Witness) Entries(ctx context.Context) ([]isolation.Entry, error) {
	// Ids sort by creation time.
	rows, err := w.all(ctx, auditTable, " WHERE id > '"+max(w.newest, uuid.Nil.String())+"' ORDER BY id")
	if err != nil {
		return nil, err
	}
	var entries []isolation.Entry
	for _, r := range rows {
		w.newest = r.column("id")
		w.trail[w.newest], w.trailOf[w.newest] = r.String(), r.id("tenant_id")
		entries = append(entries, isolation.Entry{
			TenantID: r.id("tenant_id"), RequestID: r.column("request_id"), Action: r.column("action"), Outcome: r.column("outcome"),
			ActorID: r.id("actor_id"),
		})
	}
	return entries, nil
}

// CheckTrail returns an error unless every entry seen so far is still there, byte for byte. Entries
// of deleted tenants are the only exception.
func (w *Witness) CheckTrail(ctx context.Context) error {
	rows, err := w.all(ctx, auditTable, "")
	if err != nil {
		return err
	}
	now := map[string]string{}
	for _, r := range rows {
		now[r.column("id")] = r.String()
	}
	tenants, err := w.all(ctx, "tenants", "")
	if err != nil {
		return err
	}
	exists := map[uuid.UUID]bool{}
	for _, r := range tenants {
		exists[r.id("id")] = true
	}
	for id, entry := range w.trail {
		if now[id] != entry && exists[w.trailOf[id]] {
			err = errors.Join(err, fmt.Errorf("audit entry %s is now %q, was %q", id, now[id], entry))
		}
	}
	return err
}

// row is a row of a query's result, as text.
type row struct {
	columns []string
	values  []sql.NullString
}

func (r row) column(name string) string {
	for i, c := range r.columns {
		if c == name {
			return r.values[i].String
		}
	}
	return ""
}

// id returns zero for null, and for a column that the table lacks.
func (r row) id(name string) uuid.UUID {
	id, err := uuid.Parse(r.column(name))
	if err != nil {
		return uuid.Nil
	}
	return id
}

// String omits lock_count.
func (r row) String() string {
	var text strings.Builder
	for i, c := range r.columns {
		if r.values[i].Valid && c != lockCount {
			text.WriteString(c + "=" + strconv.Quote(r.values[i].String) + " ")
		}
	}
	return text.String()
}

// all reads the rows of a table with all columns, so that future columns are included.
func (w *Witness) all(ctx context.Context, table, condition string) ([]row, error) {
	return w.query(ctx, "SELECT * FROM "+table+condition) //nolint:unqueryvet // every column counts
}

func (w *Witness) query(ctx context.Context, text string) ([]row, error) {
	rows, err := w.database.QueryContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var found []row
	for rows.Next() {
		r := row{columns, make([]sql.NullString, len(columns))}
		into := make([]any, len(columns))
		for i := range r.values {
			into[i] = &r.values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}
