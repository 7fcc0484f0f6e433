package apitest

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/store"
)

// catalogues say which tables have a tenant_id.
var catalogues = map[store.Engine]string{
	store.Postgres: `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'`,
	store.MySQL:  `SELECT table_name FROM information_schema.columns WHERE table_schema = database() AND column_name = 'tenant_id'`,
	store.SQLite: `SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'tenant_id'`,
}

// TenantTables returns the names of the tables that have a tenant_id, as the migrations have made them.
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

// RowsOf returns all that the database has of a tenant: the rows by table, with every column.
func (a *App) RowsOf(t testing.TB, tenantID uuid.UUID) map[string][]string {
	t.Helper()
	pool := a.Database(t)
	rows := map[string][]string{}
	for _, table := range tenantTables(t, pool, a.Engine) {
		rows[table] = texts(t, pool, `SELECT * FROM `+table+` WHERE tenant_id = '`+tenantID.String()+`'`) //nolint:unqueryvet // whatever there is
	}
	rows["tenants"] = texts(t, pool, `SELECT * FROM tenants WHERE id = '`+tenantID.String()+`'`) //nolint:unqueryvet // whatever there is
	return rows
}

// texts returns each of a query's rows as a text, sorted.
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
