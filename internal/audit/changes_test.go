package audit_test

import (
	"encoding"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/openapi"
)

func TestCreatedHasTheSetFields(t *testing.T) {
	t.Parallel()
	got := audit.Created(db.Company{Code: "A", City: new("Oslo"), IsActive: true, Version: 1})
	// False and an empty text are values; null is not.
	want := audit.Changes{"code": {After: "A"}, "name": {After: ""}, "city": {After: "Oslo"}, "is_active": {After: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDeletedHasTheLastState(t *testing.T) {
	t.Parallel()
	got := audit.Deleted(db.Company{Code: "A", Name: "Alpha", City: new("Oslo"), Version: 7})
	want := audit.Changes{"code": {Before: "A"}, "name": {Before: "Alpha"}, "city": {Before: "Oslo"}, "is_active": {Before: false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUpdatedHasTheChangedFields(t *testing.T) {
	t.Parallel()
	before := db.Company{Code: "A", Name: "Alpha", City: new("Oslo"), Email: new("a@example.com"), IsActive: true, Version: 1}
	after := before
	after.Code, after.City, after.Email, after.Phone, after.IsActive = "B", new("Bergen"), nil, new("1"), false
	want := audit.Changes{
		"code": {"A", "B"}, "city": {"Oslo", "Bergen"}, "email": {"a@example.com", nil}, "phone": {nil, "1"}, "is_active": {true, false},
	}
	if diff := cmp.Diff(want, audit.Updated(before, after)); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsUpdatedByVersionTimesAndDerivedColumns(t *testing.T) {
	t.Parallel()
	before := db.Company{Name: "Alpha", NameKey: "alpha", SearchText: "alpha", City: new("Oslo"), CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(1, 0), Version: 1}
	after := before
	after.NameKey, after.SearchText, after.UpdatedAt, after.Version = "x", "y", time.Unix(2, 0), 2
	after.City = new("Oslo") // a different pointer to an equal value
	if got := audit.Updated(before, after); got == nil || len(got) != 0 {
		t.Errorf("%v, want an empty Changes", got)
	}
}

// payment is a row with column types that no table uses yet.
type payment struct {
	Amount openapi.Decimal  `json:"amount"`
	Fee    *openapi.Decimal `json:"fee"`
	PaidOn openapi.Date     `json:"paid_on"`
	DueOn  *openapi.Date    `json:"due_on"`
}

func TestDatesAndDecimalsAreWrittenAsTheAPIHasThem(t *testing.T) {
	t.Parallel()
	amount, fee, paidOn, dueOn := decimal(t, "1234.50"), decimal(t, "0.10"), date(t, "0001-01-01"), date(t, "2026-11-23")
	before := payment{Amount: amount, PaidOn: paidOn, DueOn: &dueOn}
	same, sameDay := decimal(t, "1234.50"), date(t, "2026-11-23")
	if got := audit.Updated(before, payment{Amount: same, PaidOn: paidOn, DueOn: &sameDay}); len(got) != 0 {
		t.Errorf("nothing has changed, but recorded is %v", got)
	}
	after := payment{Amount: decimal(t, "-1234.50"), Fee: &fee, PaidOn: date(t, "9999-12-31")}
	for want, changes := range map[string]audit.Changes{
		`{"amount":{"before":null,"after":"1234.50"},"due_on":{"before":null,"after":"2026-11-23"},"paid_on":{"before":null,"after":"0001-01-01"}}`: audit.Created(before),
		`{"amount":{"before":"-1234.50","after":null},"fee":{"before":"0.10","after":null},"paid_on":{"before":"9999-12-31","after":null}}`:         audit.Deleted(after),
		`{"amount":{"before":"1234.50","after":"-1234.50"},"due_on":{"before":"2026-11-23","after":null},"fee":{"before":null,"after":"0.10"},` +
			`"paid_on":{"before":"0001-01-01","after":"9999-12-31"}}`: audit.Updated(before, after),
	} {
		if got, err := json.Marshal(changes); err != nil || string(got) != want {
			t.Errorf("%s (%v), want %s", got, err, want)
		}
	}
}

func decimal(t *testing.T, text string) openapi.Decimal {
	t.Helper()
	d, err := openapi.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func date(t *testing.T, text string) openapi.Date {
	t.Helper()
	d, err := openapi.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rows returns an empty row of each table: the type of the queries' results, or the package's own
// type where there is one.
func rows() []any {
	found := map[reflect.Type]bool{}
	for method := range reflect.TypeFor[db.Querier]().Methods() {
		row := method.Type.Out(0)
		if row.Kind() == reflect.Slice {
			row = row.Elem()
		}
		if row.Kind() == reflect.Struct && !strings.HasSuffix(row.Name(), "Row") {
			found[row] = true
		}
	}
	var list []any
	for row := range found {
		list = append(list, reflect.Zero(row).Interface())
	}
	return list
}

// TestSecretsAndDerivedColumnsNeverAppear fills every column of every table.
func TestSecretsAndDerivedColumnsNeverAppear(t *testing.T) {
	t.Parallel()
	never := []string{"tenant_id", "id", "version", "created_at", "updated_at", "name_key", "search_text", "refresh_id", "previous_refresh_id", "repeated_refresh_id", "password_hash"}
	for _, empty := range rows() {
		name := reflect.TypeOf(empty).Name()
		row := reflect.New(reflect.TypeOf(empty)).Elem()
		for _, column := range row.Fields() {
			fill(t, column)
		}
		full := row.Interface()
		for what, changes := range map[string]audit.Changes{
			"created": audit.Created(full), "deleted": audit.Deleted(full), "updated": audit.Updated(empty, full),
		} {
			if len(changes) == 0 {
				t.Errorf("%s %s: nothing is recorded", name, what)
			}
			for column := range changes {
				for _, part := range []string{"password", "hash", "token", "secret"} {
					if strings.Contains(column, part) {
						t.Errorf("%s %s: %s is recorded", name, what, column)
					}
				}
				if slices.Contains(never, column) {
					t.Errorf("%s %s: %s is recorded", name, what, column)
				}
			}
		}
	}
}

// fill sets a column to a value other than its zero value.
func fill(t *testing.T, column reflect.Value) {
	t.Helper()
	switch column.Interface().(type) {
	case openapi.Date:
		column.Set(reflect.ValueOf(openapi.MaxDate))
		return
	case openapi.Decimal:
		column.Set(reflect.ValueOf(decimal(t, "1234.50")))
		return
	case []byte:
		column.SetBytes([]byte("x"))
		return
	case json.RawMessage:
		column.Set(reflect.ValueOf(json.RawMessage("{}")))
		return
	}
	if text, ok := reflect.TypeAssert[encoding.TextUnmarshaler](column.Addr()); ok {
		for _, value := range []string{"019371a0-5c00-7000-8000-000000000001", "2026-01-02T00:00:00Z", "2026-01-02", "1"} {
			if text.UnmarshalText([]byte(value)) == nil {
				return
			}
		}
	}
	switch column.Kind() {
	case reflect.Pointer:
		column.Set(reflect.New(column.Type().Elem()))
		fill(t, column.Elem())
	case reflect.String:
		column.SetString("x")
	case reflect.Bool:
		column.SetBool(true)
	case reflect.Int64:
		column.SetInt(1)
	case reflect.Float64:
		column.SetFloat(1)
	default:
		t.Fatalf("a column of type %s can't be filled", column.Type())
	}
}

// TestRowsAreThoseOfTheDatabase proves that the tests above see the rows of every table.
func TestRowsAreThoseOfTheDatabase(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../../gen/db/postgres/models.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	models := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			models[spec.Name.Name] = true
		}
		return true
	})
	tested := map[string]bool{}
	for _, row := range rows() {
		tested[reflect.TypeOf(row).Name()] = true
	}
	if !maps.Equal(models, tested) {
		t.Errorf("tables %v, tested %v", slices.Sorted(maps.Keys(models)), slices.Sorted(maps.Keys(tested)))
	}
}
