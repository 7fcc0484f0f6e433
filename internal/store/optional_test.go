package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestPostgresIsShownTheConditionsThatCount(t *testing.T) {
	t.Parallel()
	const text = "WHERE a = $1\n  AND (b = $2 OR $2 IS NULL)\n  AND (c LIKE $3 OR $3 IS NULL)\nLIMIT $4"
	options := []db.Option{
		{Parameter: 2, Text: "(b = $2 OR $2 IS NULL)", Given: "(b = $2)"},
		{Parameter: 3, Text: "(c LIKE $3 OR $3 IS NULL)", Given: "(c LIKE $3)"},
	}
	value := "x"
	for want, args := range map[string][]any{
		"WHERE a = $1\n  AND true\n  AND true\nLIMIT $4":            {1, (*string)(nil), (*string)(nil), 2},
		"WHERE a = $1\n  AND (b = $2)\n  AND true\nLIMIT $4":        {1, &value, (*string)(nil), 2},
		"WHERE a = $1\n  AND true\n  AND (c LIKE $3)\nLIMIT $4":     {1, (*string)(nil), &value, 2},
		"WHERE a = $1\n  AND (b = $2)\n  AND (c LIKE $3)\nLIMIT $4": {1, &value, &value, 2},
	} {
		if got := store.PostgresText(text, options, args); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// A condition that isn't known would be planned once for all values.
func TestEveryOptionalConditionIsKnown(t *testing.T) {
	t.Parallel()
	for engine, options := range map[string]func(db.Statement) []db.Option{
		"postgres": func(s db.Statement) []db.Option { return s.Postgres },
		"sqlite":   func(s db.Statement) []db.Option { return s.SQLite },
	} {
		files, err := filepath.Glob("../../gen/db/" + engine + "/*.sql.go")
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(content)
		}
		known := 0
		for _, s := range db.Statements {
			known += len(options(s))
		}
		if found := len(isNull.FindAllString(all.String(), -1)); found != known || found < 100 {
			t.Errorf("%s: the queries have %d optional conditions, of which %d are known", engine, found, known)
		}
	}
}

var isNull = regexp.MustCompile(`[$?]\d+ IS NULL\)`)

// explainer asks SQLite how it would carry out a query, and gives back no rows of it.
type explainer struct {
	*sql.DB

	plan string
}

func (e *explainer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := e.DB.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		e.plan += detail + "\n"
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return e.DB.QueryContext(ctx, "SELECT 1 WHERE false") //nolint:sqlclosecheck // the querier closes what it is given
}

// TestSQLiteLooksFiltersUp has SQLite explain each list with each filter. Internal/scale proves the same of PostgreSQL, and more.
func TestSQLiteLooksFiltersUp(t *testing.T) {
	t.Parallel()
	e := &explainer{DB: storetest.New(t, store.SQLite).SQLDB()}
	querier := reflect.ValueOf(db.NewSQLite(store.SQLiteConditions(e), func(_ string, err error) error { return err }))
	explain := func(method reflect.Value, params reflect.Value) string {
		e.plan = ""
		results := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), params})
		if err, failed := reflect.TypeAssert[error](results[1]); failed {
			t.Fatal(err)
		}
		return e.plan
	}
	lists := 0
	for method := range querier.Type().Methods() {
		if !strings.HasPrefix(method.Name, "List") || method.Type.NumIn() != 3 {
			continue
		}
		kind := method.Type.In(2)
		_, paged := kind.FieldByName("AfterID")
		_, byKey := kind.FieldByNameFunc(func(name string) bool { return strings.HasPrefix(name, "After") && name != "AfterID" })
		if !paged || !byKey {
			continue
		}
		lists++
		if plan := explain(querier.MethodByName(method.Name), reflect.Zero(kind)); !strings.Contains(plan, ",id)") || strings.Contains(plan, "TEMP") {
			t.Errorf("%s doesn't find the start of a page, in order, in an index:\n%s", method.Name, plan)
		}
		for field := range kind.Fields() {
			if field.Type.Kind() != reflect.Pointer || field.Name == "Pattern" || field.Name == "Since" {
				continue
			}
			params := reflect.New(kind).Elem()
			params.FieldByIndex(field.Index).Set(reflect.New(field.Type.Elem()))
			column := field.Tag.Get("json")
			if plan := explain(querier.MethodByName(method.Name), params); !strings.Contains(plan, column+"=?") {
				t.Errorf("%s doesn't look %s up in an index:\n%s", method.Name, column, plan)
			}
		}
	}
	if lists == 0 {
		t.Error("no lists found")
	}
}

// A list is planned once, also in a tenant that has more rows than others: there PostgreSQL by itself plans each one for its values. What has a filter
// or a text to search for is planned for that, and isn't kept.
func TestListIsPlannedOnce(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.Postgres)
	owner := storetest.Open(t, databaseURL)
	tenant := newTenants(t, owner, 20)[0].TenantID
	_, err := owner.Pool().Exec(t.Context(), `INSERT INTO companies
		(tenant_id, id, code, name, name_key, is_active, country, search_text, created_at, updated_at, version)
		SELECT $1, gen_random_uuid(), 'N' || n, 'N', 'n', true, 'LI', 'n', now() + n * interval '1 ms', now(), 1 FROM generate_series(1, 5000) n`, tenant)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Pool().Exec(t.Context(), "ANALYZE companies"); err != nil {
		t.Fatal(err)
	}
	country, pattern := "LI", "%n%"
	for user, userURL := range map[string]string{"owner": databaseURL, "serving": storetest.ServingURL(t, databaseURL)} {
		for title, c := range map[string]struct {
			list db.ListCompaniesByCreatedAtParams
			once int
		}{
			"no filter": {once: 10},
			"filter":    {list: db.ListCompaniesByCreatedAtParams{Country: &country}},
			"text":      {list: db.ListCompaniesByCreatedAtParams{Pattern: &pattern}},
			"both":      {list: db.ListCompaniesByCreatedAtParams{Country: &country, Pattern: &pattern}},
		} {
			s, err := store.Open(t.Context(), userURL, store.Options{MaxConnections: 1})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			c.list.TenantID, c.list.Limit = tenant, 3
			for range 10 {
				if rows, err := s.ListCompaniesByCreatedAt(t.Context(), c.list); err != nil || len(rows) != 3 {
					t.Fatalf("%s, %s: %d rows, error %v", user, title, len(rows), err)
				}
			}
			var once, anew int
			if err := s.Raw(t.Context(), `SELECT coalesce(sum(generic_plans), 0)::int, coalesce(sum(custom_plans), 0)::int FROM pg_prepared_statements
				WHERE statement LIKE '-- name: ListCompaniesByCreatedAt :many%'`, &once, &anew); err != nil {
				t.Fatal(err)
			}
			if once != c.once || anew != 0 {
				t.Errorf("%s, %s: of 10 lists %d were planned once and %d of those that are kept anew, want %d and 0", user, title, once, anew, c.once)
			}
			var mode string
			if err := s.Raw(t.Context(), "SHOW plan_cache_mode", &mode); err != nil || mode != "auto" {
				t.Errorf("%s, %s: plan_cache_mode is %q afterwards, error %v", user, title, mode, err)
			}
		}
	}
}
