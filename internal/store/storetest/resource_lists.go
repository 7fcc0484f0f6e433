package storetest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// listing is the list of a resource in one order.
type listing struct {
	t          *T
	r          resource.Resource
	sort       string // a field
	descending bool
}

// listings returns the list in each of its orders.
func (t *T) listings(r resource.Resource) []listing {
	var all []listing
	for _, sort := range r.Sort {
		all = append(all, listing{t, r, sort, false}, listing{t, r, sort, true})
	}
	return all
}

func (l listing) String() string {
	if l.descending {
		return "-" + l.sort
	}
	return l.sort
}

// column returns the column by which the list is sorted.
func (l listing) column() string { return resource.SortColumn(l.sort) }

func (l listing) query() string {
	name := "List" + l.r.GoPlural() + "By" + resource.GoName(l.sort)
	if l.descending {
		name += "Desc"
	}
	return name
}

// page returns the rows after a row, or the first rows if after is nil.
func (l listing) page(tenant uuid.UUID, filters arguments, after *record, limit int) []any {
	l.t.Helper()
	method := l.t.method(l.query())
	l.t.calls.addName(l.query())
	params := reflect.New(method.Type().In(1)).Elem()
	set := func(column string, value reflect.Value) { params.FieldByName(resource.GoName(column)).Set(value) }
	for column, text := range filters {
		if err := setText(params.FieldByName(resource.GoName(column)), text); err != nil {
			l.t.Fatalf("%s: %s: %v", l.query(), column, err)
		}
	}
	set(resource.TenantID, reflect.ValueOf(tenant))
	set("limit", reflect.ValueOf(int32(limit)))
	if after == nil {
		key, id := l.first()
		if err := setText(params.FieldByName(resource.GoName("after_"+l.column())), key); err != nil {
			l.t.Fatal(err)
		}
		set("after_id", reflect.ValueOf(id))
	} else {
		set("after_"+l.column(), after.row.FieldByName(resource.GoName(l.column())))
		set("after_id", after.row.FieldByName("ID"))
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(l.t.Context()), params})
	if err, _ := reflect.TypeAssert[error](results[1]); err != nil {
		l.t.Fatalf("%s: %v", l.query(), err)
	}
	if results[0].IsNil() {
		l.t.Errorf("%s: a page is nil", l.query())
	}
	return jsonRows(l.t, results[0].Interface())
}

// first returns a place before the first row.
func (l listing) first() (key string, id uuid.UUID) {
	kind := resource.Time
	if f, ok := l.r.Field(l.sort); ok {
		kind = f.Type.Kind
	}
	ends := map[resource.Kind][2]string{
		resource.Time:    {time.Unix(0, 0).UTC().Format(time.RFC3339), "9999-01-01T00:00:00Z"},
		resource.Date:    {"0001-01-01", "9999-12-31"},
		resource.Int:     {"-9223372036854775808", "9223372036854775807"},
		resource.Decimal: {"-9999999999999999999", "9999999999999999999"},
	}[kind]
	if ends == [2]string{} {
		ends[1] = strings.Repeat("\U0010ffff", 200)
	}
	if l.descending {
		return ends[1], uuid.Max
	}
	return ends[0], uuid.Nil
}

// compare compares two rows in the order of the list.
func (l listing) compare(a, b record) int {
	by := func(r record) reflect.Value { return r.row.FieldByName(resource.GoName(l.column())) }
	order := cmp.Or(compareValues(by(a), by(b)), cmp.Compare(a.id().String(), b.id().String()))
	if l.descending {
		return -order
	}
	return order
}

// compareValues compares two sort keys. Types that aren't text or integers have a method Compare,
// as time.Time has, or Cmp.
func compareValues(a, b reflect.Value) int {
	switch {
	case a.Kind() == reflect.String:
		return cmp.Compare(a.String(), b.String())
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	}
	if compare := a.MethodByName("Compare"); compare.IsValid() {
		return int(compare.Call([]reflect.Value{b})[0].Int())
	}
	return int(a.MethodByName("Cmp").Call([]reflect.Value{b.Field(0)})[0].Int())
}

// rowsInAllOrders inserts rows of which some have equal sort keys and some differ by the smallest
// step. The order of the keys isn't that of the ids.
func rowsInAllOrders(f *family, r resource.Resource) []record {
	var rows []record
	for i := range 7 {
		rows = append(rows, f.build(r, requiredColumns, func(row record) {
			for _, sort := range r.Sort {
				row.set(resource.SortColumn(sort), sortKey(r, sort, i))
			}
		}))
	}
	for _, i := range []int{4, 0, 6, 2, 5, 1, 3} { // nor in the order of the ids
		rows[i].insert()
	}
	return rows
}

// sortKey returns the sort key of one of seven rows. Some rows have the same key, unless it is
// unique.
func sortKey(r resource.Resource, sort string, row int) string {
	field, _ := r.Field(sort)
	step := []int{0, 5, 1, 3, 0, 2, 0}[row]
	if field.Unique != nil {
		step = row
	}
	switch field.Type.Kind {
	case resource.Date:
		return noon().AddDate(0, 0, step).Format(time.DateOnly)
	case resource.Int:
		return []string{"0", "-1", "10", "9", "9223372036854775807", "-9223372036854775808", "1"}[step]
	case resource.Decimal:
		// As texts, these numbers would have another order.
		return decimalText([]int64{0, -1, 10, 9, 2, -10, 1}[step], field.Type.Scale)
	case resource.Code, resource.Name:
		return []string{"b", "ab", "", "B", "bb", "a", "\u00e9"}[step]
	default:
		steps := []time.Duration{0, time.Microsecond, 2 * time.Second, time.Second, time.Hour, 100 * time.Millisecond, time.Millisecond}
		return noon().Truncate(time.Second).Add(steps[step]).Format(time.RFC3339Nano)
	}
}

// decimalText returns a number of smallest steps as decimal text: 12 steps of scale 2 are 0.12.
func decimalText(steps int64, scale int) string {
	sign, digits := "", fmt.Sprintf("%0*d", scale+1, max(steps, -steps))
	if steps < 0 {
		sign = "-"
	}
	if scale == 0 {
		return sign + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

func listPages(t *T, r resource.Resource) {
	f := newFamily(t, tenant(t))
	newFamily(t, tenant(t)).add(r, allColumns)
	rows := rowsInAllOrders(f, r)
	for _, l := range t.listings(r) {
		slices.SortFunc(rows, l.compare)
		for _, limit := range []int{1, 2, 3, len(rows), 100} {
			var got []any
			var after *record
			for len(got) <= len(rows) {
				page := l.page(f.tenant, nil, after, limit)
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
				if len(got) <= len(rows) {
					after = &rows[len(got)-1]
				}
			}
			equal(t, fmt.Sprintf("order %s in pages of %d", l, limit), got, valuesOf(rows))
		}
	}
}

func valuesOf(rows []record) []any {
	values := []any{}
	for _, row := range rows {
		values = append(values, row.values())
	}
	return values
}
