package scale_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx

	"github.com/tenantry/tenantry/internal/paging"
)

// population is the number of rows of a table and their distribution. One row in share belongs to
// the large tenant and the others to the small tenants, so that the rows of all tenants are mixed
// in the order of time, as in real installations.
type population struct {
	rows, share, tenants int
	perMinute            int  // rows with the same time, which are ordered by id
	withoutSearch        bool // leaves out the indexes for searching, which take longest to create
}

// The populations of the tests. In proved the large tenant has 100,000 rows of each table.
// PostgreSQL chooses the same plans there as in promised, with a million rows;
// BenchmarkPlansAreTheSame proves that.
var (
	searched = population{rows: 200_000, share: 2, tenants: 1000, perMinute: 100}
	proved   = population{rows: 200_000, share: 2, tenants: 2000, perMinute: 100, withoutSearch: true}
	promised = population{rows: 2_000_000, share: 2, tenants: 10_000, perMinute: 1000, withoutSearch: true}
)

// ofLarge returns the number of rows of the large tenant.
func (p population) ofLarge() int { return (p.rows + p.share - 1) / p.share }

// deepPage returns the number of the page at a tenth of the large tenant's rows: the 4000th with a
// million rows. Many more rows follow it than a search reads first, even with a filter.
func (p population) deepPage() int { return p.ofLarge() / 10 / paging.DefaultLimit }

// The kinds of ids: id(kind, n) is the nth id of a kind.
const (
	tenantKind = iota + 1
	rowKind
	companyKind
	branchKind
	departmentKind
	userKind
)

// id returns the same id as the database function with this name.
func id(kind, n int) uuid.UUID {
	return uuid.MustParse(fmt.Sprintf("%08x-0000-7000-8000-%012x", n, kind))
}

func tenantID(n int) uuid.UUID { return id(tenantKind, n) }

// ofLargeTenant returns the SQL condition for the large tenant's rows. Rows of tenants belong to no
// tenant.
func ofLargeTenant(table string) string {
	if table == "tenants" {
		return "true"
	}
	return fmt.Sprintf("tenant_id = '%s'", tenantID(0))
}

// database is a connection that inserts rows directly.
type database struct {
	*sql.DB

	population population
	kept       bool // the rows stay after the test
}

func openDatabase(t testing.TB, databaseURL string, p population) database {
	t.Helper()
	pool, err := sql.Open("pgx", databaseURL)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	pool.SetMaxOpenConns(1) // so that SET affects all statements
	return database{DB: pool, population: p}
}

func (d database) exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	if _, err := d.ExecContext(context.WithoutCancel(t.Context()), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// texts returns the values of a query's rows, one after the other.
func (d database) texts(t testing.TB, query string, args ...any) []string {
	t.Helper()
	rows, err := d.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for rows.Next() {
		values, targets := make([]string, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		list = append(list, values...)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return list
}

// prepare inserts the large tenant and the small ones, and lets rows contain references to rows
// that don't exist. The tenants are the newest and so on the first pages of a list; their texts are
// as frequent as those of all others.
func (d database) prepare(t testing.TB) {
	t.Helper()
	d.exec(t, `SET maintenance_work_mem = '512MB'`)
	d.exec(t, `CREATE FUNCTION id(kind int, n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
		AS $$ SELECT (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(kind), 12, '0'))::uuid $$`)
	for _, statement := range d.texts(t, `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint WHERE contype = 'f'`) {
		d.exec(t, statement)
	}
	d.exec(t, fmt.Sprintf(`INSERT INTO tenants (id, code, name, name_key, search_text, tier, status, created_at, updated_at, version)
		SELECT id(%d, n), 'T' || n, 'Tenant ' || n, 'tenant ' || n, CASE WHEN n %% 10 < 3 THEN 'north' ELSE 'south' END, 'free', 'active', now(), now(), 1 FROM generate_series(0, %d) AS n`, tenantKind, d.population.tenants))
}

// values returns the SQL for the values of a row: its number, whether it belongs to the large
// tenant, its number in the tenant, three hashes for evenly distributed values, a name (some are
// very common), and words to search for.
func (p population) values() string {
	return fmt.Sprintf(`
	FROM generate_series(0, %d) AS i
	CROSS JOIN LATERAL (SELECT i %% %[2]d = 0 AS large, i - i / %[2]d - 1 AS other) AS a
	CROSS JOIN LATERAL (SELECT CASE WHEN large THEN i / %[2]d ELSE other / %[3]d END AS nth, id(%[4]d, CASE WHEN large THEN 0 ELSE 1 + other %% %[3]d END) AS tenant_id) AS b
	CROSS JOIN LATERAL (SELECT hashint4(i)::bigint & 2147483647 AS x, hashint4(i + 60000000)::bigint & 2147483647 AS y, hashint4(i + 90000000)::bigint & 2147483647 AS z) AS c
	CROSS JOIN LATERAL (SELECT CASE WHEN x %% 10 < 3 THEN 'Sales' ELSE 'Unit ' || x / 10 %% 100000 END AS name, timestamptz '2025-01-01Z' + i / %[5]d * interval '1 minute' AS at) AS d
	CROSS JOIN LATERAL (SELECT CASE WHEN NOT large THEN 100000 + other %% %[3]d WHEN y %% 1000 < 500 THEN 0 WHEN y %% 1000 < 505 THEN 1 ELSE 2 + nth %% 50000 END AS company) AS e
	CROSS JOIN LATERAL (SELECT CASE WHEN large AND company > 1 AND nth < 50000 OR NOT large AND nth = 0 THEN 'MAIN' ELSE 'C' || i END AS code) AS f
	CROSS JOIN LATERAL (SELECT CASE WHEN y / 10000 %% 50 = 0 THEN 'tenant' WHEN y / 10000 %% 10 < 6 THEN 'company' ELSE 'auth' END AS area) AS g
	CROSS JOIN LATERAL (SELECT CASE WHEN area = 'tenant' AND x %% 2 = 0 THEN 'resume' WHEN x %% 4 = 0 THEN 'create' ELSE 'update' END AS verb, concat_ws(' ',
		CASE WHEN z / 10 %% 10 < 3 THEN 'north' ELSE 'south' END,
		CASE WHEN z / 100 %% 1000 = 1 THEN 'meadow' END, CASE WHEN z / 100 %% 100000 = 2 THEN 'harbour' END,
		CASE WHEN large AND nth >= 0.95 * %[6]d THEN 'delta' END, CASE WHEN NOT large AND y %% 10 < 3 THEN 'shire' END,
		translate(to_hex(hashint4((y %% 20000)::int)), '0123456789', 'ghijklmnop')) AS word) AS h`,
		p.rows-1, p.share, max(p.tenants, 1), tenantKind, p.perMinute, p.ofLarge())
}

// fill inserts all rows into a table, and deletes them at the end of the test unless they are kept.
// It creates the indexes after the insertion, which is faster.
func (d database) fill(t testing.TB, table, columns, expressions string) {
	t.Helper()
	constraints := d.texts(t, `SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'u')`, table)
	indexes := d.texts(t, `SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::regclass AND NOT EXISTS (
		SELECT FROM pg_constraint WHERE conindid = indexrelid)`, table)
	kept := d.texts(t, `SELECT row_to_json(r)::text FROM `+table+` AS r`)
	d.exec(t, `TRUNCATE `+table)
	t.Cleanup(func() {
		if !d.kept {
			d.exec(t, `TRUNCATE `+table)
			d.add(t, table, kept...)
		}
	})
	for i := 0; i < len(constraints); i += 2 {
		d.exec(t, `ALTER TABLE `+table+` DROP CONSTRAINT `+constraints[i])
	}
	for i := 0; i < len(indexes); i += 2 {
		d.exec(t, `DROP INDEX `+indexes[i])
	}
	d.exec(t, `ALTER TABLE `+table+` SET UNLOGGED`)
	d.exec(t, `INSERT INTO `+table+` (`+columns+`) SELECT `+expressions+d.population.values())
	d.add(t, table, kept...)
	for i := 0; i < len(constraints); i += 2 {
		d.exec(t, `ALTER TABLE `+table+` ADD CONSTRAINT `+constraints[i]+` `+constraints[i+1])
	}
	for i := 0; i < len(indexes); i += 2 {
		if !d.population.withoutSearch || !strings.Contains(indexes[i+1], " USING gin ") {
			d.exec(t, indexes[i+1])
		}
	}
	d.exec(t, `VACUUM ANALYZE `+table)
}

// add inserts rows that were read from a table as JSON.
func (d database) add(t testing.TB, table string, rows ...string) {
	t.Helper()
	if len(rows) > 0 {
		d.exec(t, `INSERT INTO `+table+` SELECT * FROM json_populate_recordset(NULL::`+table+`, $1)`, `[`+strings.Join(rows, ",")+`]`) //nolint:unqueryvet // rows with all columns
	}
}
