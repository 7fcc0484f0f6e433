package store_test

import (
	"context"
	"database/sql"
	"fmt"
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

// This query has one optional condition, on its second parameter.
const nodes = "-- name: ListCompanyNodes :many\nSELECT id FROM companies\nWHERE tenant_id = %[1]s1 AND (id = %[1]s2 OR %[1]s2 IS NULL)\nLIMIT %[1]s3\n"

func TestStatementsKeepOnlyConditionsWithAValue(t *testing.T) {
	t.Parallel()
	const rest = "-- name: ListCompanyNodes :many\nSELECT id FROM companies\nWHERE tenant_id = %[1]s1 AND %[2]s\nLIMIT %[1]s3\n"
	given, missing := []any{1, new("x"), 3}, []any{1, (*string)(nil), 3}
	for name, c := range map[string]struct{ got, want string }{
		"PostgreSQL with a value":    {store.PostgresText(fmt.Sprintf(nodes, "$"), given), fmt.Sprintf(rest, "$", "(id = $2)")},
		"PostgreSQL without a value": {store.PostgresText(fmt.Sprintf(nodes, "$"), missing), fmt.Sprintf(rest, "$", "true")},
		"SQLite with a value":        {store.SQLiteText(fmt.Sprintf(nodes, "?"), given), fmt.Sprintf(rest, "?", "(id = ?2)")},
		"SQLite without a value":     {store.SQLiteText(fmt.Sprintf(nodes, "?"), missing), fmt.Sprintf(nodes, "?")},
	} {
		if c.got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, c.got, c.want)
		}
	}
}

func TestPostgresUsesTheSearchVariantOnlyForAText(t *testing.T) {
	t.Parallel()
	const list = "-- name: ListCompaniesByName :many\nSELECT"
	args := make([]any, 10)
	if got := store.PostgresText(list, args); got != list {
		t.Errorf("without a text the statement is\n%s", got)
	}
	s := db.Statements["ListCompaniesByName"]
	args[s.Pattern-1] = new("%x%")
	got := store.PostgresText(list, args)
	if !strings.Contains(got, "WITH ahead AS") || strings.Contains(got, "IS NULL") || strings.Count(got, "AND true") != 2*(len(s.Postgres)-1) {
		t.Errorf("with a text the statement is\n%s", got)
	}
}

// A condition that storegen doesn't recognize would be planned once for all values.
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
			t.Errorf("%s: the queries have %d optional conditions, of which db.Statements has %d", engine, found, known)
		}
	}
}

var isNull = regexp.MustCompile(`[$?]\d+ IS NULL\)`)

// explainer records SQLite's plan of each query and returns no rows.
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
	return e.DB.QueryContext(ctx, "SELECT 1 WHERE false") //nolint:sqlclosecheck // the querier closes the rows
}

// TestSQLiteLooksFiltersUp reads SQLite's plan for each list with each filter. Package scale tests
// PostgreSQL's plans.
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
			t.Errorf("%s doesn't read a page in the order of an index:\n%s", method.Name, plan)
		}
		for field := range kind.Fields() {
			if field.Type.Kind() != reflect.Pointer || field.Name == "Pattern" || field.Name == "Since" {
				continue
			}
			params := reflect.New(kind).Elem()
			params.FieldByIndex(field.Index).Set(reflect.New(field.Type.Elem()))
			column := field.Tag.Get("json")
			if plan := explain(querier.MethodByName(method.Name), params); !strings.Contains(plan, column+"=?") {
				t.Errorf("%s doesn't use an index for %s:\n%s", method.Name, column, plan)
			}
		}
	}
	if lists == 0 {
		t.Error("no lists found")
	}
}

// A list without filters is planned once, even for a tenant with more rows than others, for which
// PostgreSQL by default plans each execution. A list with a filter or a search is planned for its
// values each time, and its statement isn't kept.
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
				t.Errorf("%s, %s: of 10 lists %d used a generic plan and %d kept ones a custom plan, want %d and 0", user, title, once, anew, c.once)
			}
			var mode string
			if err := s.Raw(t.Context(), "SHOW plan_cache_mode", &mode); err != nil || mode != "auto" {
				t.Errorf("%s, %s: plan_cache_mode is %q afterwards, error %v", user, title, mode, err)
			}
		}
	}
}
