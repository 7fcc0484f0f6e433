package store_test

import (
	"context"
	"database/sql"
	"reflect"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

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
	querier := reflect.ValueOf(db.NewSQLite(store.SQLitePlanned(e), func(_ string, err error) error { return err }))
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
