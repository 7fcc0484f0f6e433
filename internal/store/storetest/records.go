package storetest

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// record is a row of a resource. Its Go type is only known through reflection.
type record struct {
	t   *T
	r   resource.Resource
	row reflect.Value // an addressable struct such as db.Branch
}

// columns selects which columns of a record get a value. The others are null.
type columns int

const (
	requiredColumns columns = iota
	allColumns
)

// family is a set of one tenant's rows that refer to each other. If a row belongs to a company, it
// belongs to the family's company.
type family struct {
	t       *T
	tenant  uuid.UUID
	members map[string]uuid.UUID
	records []record // all rows that were added
}

func newFamily(t *T, tenant uuid.UUID) *family {
	return &family{t: t, tenant: tenant, members: map[string]uuid.UUID{}}
}

// member returns the id of the family's row of a resource, or of its user. It inserts the row at
// the first call.
func (f *family) member(name string) uuid.UUID {
	f.t.Helper()
	if _, ok := f.members[name]; !ok {
		if r, described := f.t.resources[name]; described {
			f.members[name] = f.add(r, requiredColumns).id()
		} else {
			u := newUser(f.tenant)
			u.ID = newID()
			f.members[name] = user(f.t, u).ID
		}
	}
	return f.members[name]
}

// add inserts a row and returns it.
func (f *family) add(r resource.Resource, which columns, changes ...func(record)) record {
	f.t.Helper()
	row := f.build(r, which, changes...)
	row.insert()
	f.records = append(f.records, row)
	return row
}

// of returns the family's rows of a resource.
func (f *family) of(r resource.Resource) []record {
	return slices.DeleteFunc(slices.Clone(f.records), func(row record) bool { return row.r.Name != r.Name })
}

// samples is counted up, so that the texts and numbers of records differ.
var samples atomic.Int64

// build returns a row without inserting it.
func (f *family) build(r resource.Resource, which columns, changes ...func(record)) record {
	f.t.Helper()
	row := record{t: f.t, r: r, row: reflect.New(f.t.rowOf(r)).Elem()}
	for _, c := range r.Columns() {
		if which == allColumns || !c.Null {
			row.set(c.Name, f.sample(r, c))
		}
	}
	row.set(resource.TenantID, f.tenant.String())
	row.set(resource.ID, newID().String())
	row.set(resource.CreatedAt, noon().Format(time.RFC3339Nano))
	row.set(resource.UpdatedAt, noon().Format(time.RFC3339Nano))
	row.set(resource.Version, "1")
	for _, change := range changes {
		change(row)
	}
	return row
}

// sample returns a value for a column, as text. Two calls return different values; a bool
// alternates.
func (f *family) sample(r resource.Resource, c resource.Column) string {
	n := samples.Add(1)
	field, _ := r.Field(c.Field)
	switch c.Type.Kind {
	case resource.Ref:
		if c.Field == "" {
			return uuid.Nil.String()
		}
		return f.member(field.Ref).String()
	case resource.Bool:
		return strconv.FormatBool(n%2 == 0)
	case resource.Int:
		return strconv.FormatInt(n, 10)
	case resource.Float:
		return strconv.FormatFloat(37.788612345678+float64(n), 'f', -1, 64)
	case resource.Decimal:
		return decimalSample(c.Type, n)
	case resource.Date:
		return noon().AddDate(0, 0, int(n)).Format(time.DateOnly)
	case resource.Time:
		return noon().Add(time.Duration(n) * time.Microsecond).Format(time.RFC3339Nano)
	case resource.Enum:
		return field.Enum[int(n)%len(field.Enum)]
	default:
		return fmt.Sprintf("%s %d", c.Name[:min(len(c.Name), 8)], n)
	}
}

// decimalSample returns a number with as many decimal places as the type has.
func decimalSample(t resource.Type, n int64) string {
	before := int64(1)
	for range min(t.Size-t.Scale, 9) {
		before *= 10
	}
	whole := strconv.FormatInt(n%before, 10)
	if t.Scale == 0 {
		return whole
	}
	fraction := int64(1)
	for range min(t.Scale, 9) {
		fraction *= 10
	}
	return fmt.Sprintf("%s.%0*d", whole, t.Scale, n%fraction)
}

// set gives a column a value, or null if the text is "".
func (r record) set(column, text string) {
	r.t.Helper()
	field := r.row.FieldByName(resource.GoName(column))
	if !field.IsValid() {
		r.t.Fatalf("%s has no column %s, which its description has", r.row.Type(), column)
	}
	if err := setText(field, text); err != nil {
		r.t.Fatalf("%s.%s = %q: %v", r.row.Type(), column, text, err)
	}
}

// setText parses the text into value. A pointer becomes nil if the text is "".
func setText(value reflect.Value, text string) error {
	if value.Kind() == reflect.Pointer {
		value.SetZero()
		if text == "" {
			return nil
		}
		value.Set(reflect.New(value.Type().Elem()))
		value = value.Elem()
	}
	if from, ok := reflect.TypeAssert[encoding.TextUnmarshaler](value.Addr()); ok {
		return from.UnmarshalText([]byte(text))
	}
	var err error
	switch value.Kind() {
	case reflect.String:
		value.SetString(text)
	case reflect.Bool:
		var v bool
		v, err = strconv.ParseBool(text)
		value.SetBool(v)
	case reflect.Int32, reflect.Int64:
		var v int64
		v, err = strconv.ParseInt(text, 10, 64)
		value.SetInt(v)
	case reflect.Float64:
		var v float64
		v, err = strconv.ParseFloat(text, 64)
		value.SetFloat(v)
	default:
		err = fmt.Errorf("no text becomes a %s", value.Type())
	}
	return err
}

// get returns the value of a column; nil is null.
func (r record) get(column string) any { return r.values()[column] }

// values returns the values of all columns as they are in JSON.
func (r record) values() map[string]any {
	r.t.Helper()
	return jsonOf(r.t, r.row.Interface())
}

func jsonOf(t *T, row any) map[string]any {
	t.Helper()
	encoded, err := json.Marshal(row)
	values := map[string]any{}
	if err == nil {
		err = json.Unmarshal(encoded, &values)
	}
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func (r record) id() uuid.UUID     { return r.row.FieldByName("ID").Interface().(uuid.UUID) }
func (r record) tenant() uuid.UUID { return r.row.FieldByName("TenantID").Interface().(uuid.UUID) }

// clone returns an independent copy.
func (r record) clone() record {
	row := reflect.New(r.row.Type()).Elem()
	row.Set(r.row)
	return record{t: r.t, r: r.r, row: row}
}

// arguments maps columns to the values of a query's parameters, as text.
type arguments map[string]string

// insert inserts the record.
func (r record) insert() {
	r.t.Helper()
	if err := r.tryInsert(); err != nil {
		r.t.Fatalf("insert %s: %v", r.r.Name, err)
	}
}

func (r record) tryInsert() error {
	r.t.Helper()
	_, err := r.t.call("Insert"+r.r.GoName(), r.row, nil)
	return err
}

// update updates the row to the record's values, and returns the number of rows.
func (r record) update(change arguments) (int64, error) {
	r.t.Helper()
	return changedRows(r.t.call("Update"+r.r.GoName(), r.row, change))
}

func (r record) delete(change arguments) (int64, error) {
	r.t.Helper()
	return changedRows(r.t.call("Delete"+r.r.GoName(), r.row, change))
}

func changedRows(result any, err error) (int64, error) {
	rows, _ := result.(int64)
	return rows, err
}

// now reads the row and returns its values.
func (r record) now() map[string]any {
	r.t.Helper()
	row, err := r.t.call("Get"+r.r.GoName(), r.row, nil)
	if err != nil {
		r.t.Fatalf("get %s: %v", r.r.Name, err)
	}
	return jsonOf(r.t, row)
}

// rowOf returns the Go type of a resource's rows.
func (t *T) rowOf(r resource.Resource) reflect.Type {
	t.Helper()
	return t.method("Get" + r.GoName()).Type().Out(0)
}

func (t *T) method(name string) reflect.Value {
	t.Helper()
	method := reflect.ValueOf(t.store.Querier).MethodByName(name)
	if !method.IsValid() {
		t.Fatalf("there is no query %s", name)
	}
	return method
}

// call calls a query. Its parameters get their values from the row, if it is valid, and from
// arguments.
func (t *T) call(name string, row reflect.Value, arguments arguments) (any, error) {
	t.Helper()
	method := t.method(name)
	t.calls.addName(name)
	params := reflect.New(method.Type().In(1)).Elem()
	for field, value := range params.Fields() {
		if !row.IsValid() {
			continue
		}
		if column := row.FieldByName(field.Name); column.IsValid() {
			assign(value, column)
		}
	}
	for column, text := range arguments {
		field := params.FieldByName(resource.GoName(column))
		if !field.IsValid() {
			t.Fatalf("%s has no parameter %s", name, column)
		}
		if err := setText(field, text); err != nil {
			t.Fatalf("%s: %s = %q: %v", name, column, text, err)
		}
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), params})
	err, _ := reflect.TypeAssert[error](results[len(results)-1])
	if len(results) == 1 {
		return nil, err
	}
	return results[0].Interface(), err
}

// assign sets a parameter to the value of a column. Either may be a pointer.
func assign(to, from reflect.Value) {
	switch {
	case to.Type() == from.Type():
		to.Set(from)
	case to.Kind() == reflect.Pointer:
		to.Set(reflect.New(from.Type()))
		to.Elem().Set(from)
	case !from.IsNil():
		to.Set(from.Elem())
	}
}

// jsonRows returns rows as they are in JSON.
func jsonRows(t *T, rows any) []any {
	t.Helper()
	list := []any{}
	for _, row := range reflect.ValueOf(rows).Seq2() {
		list = append(list, jsonOf(t, row.Interface()))
	}
	return list
}
