package main_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// docs/operations.md lists the tables that Citus can't distribute, because a unique key lacks
// tenant_id or a reference table refers to them.
func TestTablesForCitusAreAsDocumented(t *testing.T) {
	t.Parallel()
	database := aside(store.Postgres, storetest.NewMigratedURL(t, store.Postgres)).Database(t)
	column := func(query string) []string {
		rows, err := database.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var list []string
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			list = append(list, text)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return list
	}
	tables := column("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT IN ('goose_db_version', 'compatible_migrations') ORDER BY 1")
	const hasTenant = "EXISTS (SELECT FROM pg_attribute WHERE attrelid = %r AND attname = 'tenant_id' AND NOT attisdropped %k)"
	reference := column(`SELECT relname FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
		AND (NOT ` + strings.NewReplacer("%r", "c.oid", "%k", "").Replace(hasTenant) + ` OR EXISTS (SELECT FROM pg_index i
			WHERE indrelid = c.oid AND indisunique AND NOT ` + strings.NewReplacer("%r", "c.oid", "%k", "AND attnum = ANY (indkey)").Replace(hasTenant) + `))`)
	references := column(`SELECT conrelid::regclass || ' ' || confrelid::regclass FROM pg_constraint WHERE contype = 'f'`)
	for before := -1; before < len(reference); {
		before = len(reference)
		for _, r := range references {
			if from, to, _ := strings.Cut(r, " "); slices.Contains(reference, from) && !slices.Contains(reference, to) {
				reference = append(reference, to)
			}
		}
	}
	var want []string
	for _, table := range tables {
		if slices.Contains(reference, table) {
			want = append(want, "`"+table+"`")
		}
	}
	row := regexp.MustCompile(`(?m)^\| reference tables \| (.*) \|$`).FindStringSubmatch(readSource(t, "docs/operations.md"))
	if row == nil || row[1] != strings.Join(want, ", ") {
		t.Errorf("docs/operations.md lists the reference tables %q, want %s", row, want)
	}
}
