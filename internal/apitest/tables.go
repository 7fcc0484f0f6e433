package apitest

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/store"
)

// catalogues are the queries for the tables that have a tenant_id.
var catalogues = map[store.Engine]string{
	store.Postgres: `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'`,
	store.MySQL:  `SELECT table_name FROM information_schema.columns WHERE table_schema = database() AND column_name = 'tenant_id'`,
	store.SQLite: `SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'tenant_id'`,
}

// cascades are the queries for the tables with a foreign key ON DELETE CASCADE.
var cascades = map[store.Engine]string{
	store.Postgres: `SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'c'`,
	store.MySQL: `SELECT DISTINCT table_name FROM information_schema.referential_constraints
		WHERE constraint_schema = database() AND delete_rule = 'CASCADE'`,
	store.SQLite: `SELECT DISTINCT m.name FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f
		WHERE m.type = 'table' AND f.on_delete = 'CASCADE'`,
}

// CascadedTables returns the names of the tables that have a foreign key ON DELETE CASCADE.
func (a *App) CascadedTables(t testing.TB) []string {
	t.Helper()
	return texts(t, a.Database(t), cascades[a.Engine])
}

// TenantTables returns the names of the tables that have a tenant_id, read from the database's
// catalogue.
func (a *App) TenantTables(t testing.TB) []string {
	t.Helper()
	return tenantTables(t, a.Database(t), a.Engine)
}

func tenantTables(t testing.TB, pool *sql.DB, engine store.Engine) []string {
	t.Helper()
	names := texts(t, pool, catalogues[engine])
	if len(names) == 0 {
		t.Fatal("no table has a tenant_id")
	}
	return names
}

// Versions returns the table, id, version and updated_at of every row that has a version, sorted by
// table.
func (a *App) Versions(t testing.TB) []string {
	t.Helper()
	pool := a.Database(t)
	var all []string
	for _, table := range append(tenantTables(t, pool, a.Engine), "tenants") {
		if has := columns(t, pool, table); has["version"] && has["updated_at"] {
			for _, row := range texts(t, pool, "SELECT id, version, updated_at FROM "+table) {
				all = append(all, table+" | "+row)
			}
		}
	}
	return all
}

// columns returns the names of a table's columns.
func columns(t testing.TB, pool *sql.DB, table string) map[string]bool {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), "SELECT * FROM "+table+" WHERE 1 = 0") //nolint:unqueryvet // for the columns
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range names {
		found[name] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// RowsOf returns all rows of a tenant, by table, with every column.
func (a *App) RowsOf(t testing.TB, tenantID uuid.UUID) map[string][]string {
	t.Helper()
	pool := a.Database(t)
	rows := map[string][]string{}
	for _, table := range tenantTables(t, pool, a.Engine) {
		rows[table] = texts(t, pool, `SELECT * FROM `+table+` WHERE tenant_id = '`+tenantID.String()+`'`) //nolint:unqueryvet // new columns, too
	}
	rows["tenants"] = texts(t, pool, `SELECT * FROM tenants WHERE id = '`+tenantID.String()+`'`) //nolint:unqueryvet // new columns, too
	return rows
}

// Texts returns each row of a query as text, sorted.
func (a *App) Texts(t testing.TB, query string) []string {
	t.Helper()
	return texts(t, a.Database(t), query)
}

// texts returns each row of a query as text, sorted.
func texts(t testing.TB, pool *sql.DB, query string) []string {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var all []string
	for rows.Next() {
		values, targets := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		cells := make([]string, len(values))
		for i, v := range values {
			if cells[i] = string(v); v == nil {
				cells[i] = "null"
			}
		}
		all = append(all, strings.Join(cells, " | "))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	slices.Sort(all)
	return all
}
