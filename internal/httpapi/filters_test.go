package httpapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// TestEveryFilterWorksInEveryOrder lists two families, and records with few fields, by each filter,
// each pair of filters and all filters together, in every order and with the count. The expected
// records follow from the fields of the unfiltered list.
func TestEveryFilterWorksInEveryOrder(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		f := a.Family(a.Tenant(t).ID)
		populate(t, a, f)
		tried := 0
		for _, op := range apitest.Operations(t) {
			l := list{T: t, family: f, op: op}
			if !l.isOne() {
				continue
			}
			tried++
			t.Run(op.ID, func(t *testing.T) {
				l.T = t
				l.check()
			})
		}
		if tried == 0 {
			t.Error("the document has no list")
		}
	})
}

// populate creates three records of each entity that a POST creates: two with all fields, which
// differ in each of them, and one with only the required fields. One more goes through each
// operation that changes a state, such as deactivateUser. The trail gets an entry of a refusal.
func populate(t *testing.T, a *apitest.App, f *apitest.Family) {
	t.Helper()
	admin := a.ActorIn(t, f.Tenant, access.Admin)
	other := a.Family(f.Tenant)
	other.Number = 1
	for _, entity := range apitest.Entities(t) {
		other.Add(t, entity, apitest.AllFields)
		f.Add(t, entity, apitest.RequiredFields)
		f.Add(t, entity, apitest.AllFields)
	}
	for _, op := range apitest.Operations(t) {
		if op.Method == http.MethodPost && op.Entity != "" && isTagged(op) {
			f.Do(t, op, f.Prepare(t, op), "", nil).Want(t, http.StatusOK)
		}
	}
	a.AuditEntry(t, f.Tenant, func(e *db.AuditEntry) {
		e.ActorID, e.ActorEmail, e.ActorRole, e.Outcome, e.Reason, e.IP = &admin.User.ID, &admin.User.Email, &admin.User.Role, "denied", new("not today"), "198.51.100.1"
	})
}

// list is an operation that returns a list.
type list struct {
	*testing.T

	family  *apitest.Family
	op      access.Operation
	filters map[string]filter
}

// filter decides whether a record matches a value of a parameter.
type filter struct {
	values []string
	lets   func(thing map[string]any, value string) bool
}

// isOne reports whether the operation lists resources of the tenant or the installation.
func (l *list) isOne() bool {
	return l.op.Entity == "" && l.op.RequiredRole != access.Any && l.parameter("cursor") != nil
}

func (l *list) parameter(name string) *openapi3.Parameter {
	for _, p := range l.op.Parameters {
		if p.In == openapi3.ParameterInQuery && p.Name == name {
			return p
		}
	}
	return nil
}

// check compares the result of each combination of filters with the expected one, in every order.
func (l *list) check() {
	l.Helper()
	orders := []any{""}
	if sort := l.parameter("sort"); sort != nil {
		orders = sort.Schema.Value.Enum
	}
	all := map[any][]map[string]any{}
	for _, order := range orders {
		all[order] = l.get(order, nil)
		l.isSorted(order.(string), all[order])
		if opposite := all["-"+order.(string)]; order != "" && opposite != nil {
			slices.Reverse(opposite)
			l.same(order, nil, opposite, all[order])
			slices.Reverse(opposite)
		}
	}
	l.readFilters(all[orders[0]])
	for _, values := range l.combinations(all[orders[0]]) {
		if l.Failed() {
			return // more combinations would mostly repeat the failure
		}
		for _, order := range orders {
			want := slices.DeleteFunc(slices.Clone(all[order]), func(thing map[string]any) bool { return !l.lets(thing, values) })
			l.same(order, values, want, l.get(order, values))
		}
	}
}

// isSorted fails the test unless records are in the order of a field. The order of texts ignores
// case.
func (l *list) isSorted(order string, things []map[string]any) {
	l.Helper()
	key, isDescending := strings.CutPrefix(order, "-")
	if order == "" {
		return
	}
	field := "/" + key
	if _, ok := things[0][key]; !ok {
		field = "/full_" + key
	}
	for i := range things[1:] {
		first, second := at(things[i], field), at(things[i+1], field)
		if isDescending {
			first, second = second, first
		}
		if isAfter(first, second) {
			l.Errorf("sort=%s has %v before %v", order, at(things[i], field), at(things[i+1], field))
		}
	}
}

// isAfter compares keys: numbers, and texts of numbers, by value, other texts in lower case.
func isAfter(a, b any) bool {
	one, two := strings.ToLower(fmt.Sprint(a)), strings.ToLower(fmt.Sprint(b))
	n, err := strconv.ParseFloat(one, 64)
	m, otherErr := strconv.ParseFloat(two, 64)
	if err == nil && otherErr == nil {
		return n > m
	}
	return one > two
}

// get returns the whole list, and fails the test unless the total is right.
func (l *list) get(order any, values map[string]string) []map[string]any {
	l.Helper()
	query := url.Values{"limit": {"100"}, "count": {"true"}}
	if order != "" {
		query.Set("sort", order.(string))
	}
	for name, value := range values {
		query.Set(name, value)
	}
	page := apitest.Decode[struct {
		Items []map[string]any
		Total int
	}](l.T, l.family.Do(l.T, l.op, "", "?"+query.Encode(), nil).Want(l.T, http.StatusOK))
	if page.Total != len(page.Items) {
		l.Errorf("sort=%v %v: the total is %d, and there are %d items", order, values, page.Total, len(page.Items))
	}
	return page.Items
}

func (l *list) same(order any, values map[string]string, want, got []map[string]any) {
	l.Helper()
	ids := func(things []map[string]any) []any {
		list := []any{}
		for _, thing := range things {
			list = append(list, thing["id"])
		}
		return list
	}
	if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
		l.Errorf("sort=%v %v: wrong list (-want +got):\n%s", order, values, diff)
	}
}

func (l *list) lets(thing map[string]any, values map[string]string) bool {
	for name, value := range values {
		if !l.filters[name].lets(thing, value) {
			return false
		}
	}
	return true
}

// combinations returns values for each filter alone, for each pair of filters, and for all. It
// fails the test for a filter of which no value matches only some of the records.
func (l *list) combinations(things []map[string]any) []map[string]string {
	l.Helper()
	names := slices.Sorted(maps.Keys(l.filters))
	var list []map[string]string
	for _, name := range names {
		splits := false
		for _, value := range l.filters[name].values {
			one := map[string]string{name: value}
			list = append(list, one)
			n := 0
			for _, thing := range things {
				if l.lets(thing, one) {
					n++
				}
			}
			splits = splits || 0 < n && n < len(things)
		}
		if !splits {
			l.Errorf("no value of %s splits the %d things: %q", name, len(things), l.filters[name].values)
		}
	}
	together := map[string]string{}
	for i, name := range names {
		value := l.filters[name].values[0]
		for _, other := range names[:i] {
			of := l.filters[other].values
			list = append(list, map[string]string{name: value, other: of[0]}, map[string]string{name: value, other: of[len(of)-1]})
		}
		together[name] = value
	}
	return append(list, together)
}

// ranges are the parameters that are compared with a field in another way than by equality.
var ranges = map[string]struct {
	field string
	lets  func(field, value string) bool
}{
	"from": {"/time", func(field, value string) bool { return field >= value }},
	"to":   {"/time", func(field, value string) bool { return field < value }},
}

// searched are the fields that q searches, for lists of resources that aren't described.
var searched = map[string][]string{
	"listTenants":   {"/code", "/name", "/contact_name", "/contact_email"},
	"listUsers":     {"/full_name", "/email", "/phone"},
	"listAuditLogs": {"/actor/email", "/entity_label", "/action", "/reason", "/path"},
}

// searchedFields returns the fields that q searches in this list. The values of all other fields
// must not be found.
func (l *list) searchedFields() []string {
	l.Helper()
	for _, r := range storetest.Resources(l.T) {
		if "/api/v1"+r.Path != l.op.Path {
			continue
		}
		var fields []string
		for f, part := range r.Searched() {
			fields = append(fields, strings.TrimSuffix("/"+f.Name+"/"+part, "/"))
		}
		return fields
	}
	if searched[l.op.ID] == nil {
		l.Fatalf("unknown which fields q of %s searches: the resource isn't described; add it to searched", l.op.ID)
	}
	return searched[l.op.ID]
}

// search returns the filter q: a part of some texts of a record, in upper or lower case.
func (l *list) search(things []map[string]any) filter {
	l.Helper()
	fields := l.searchedFields()
	var values []string
	for _, pointer := range slices.Concat(fields, pointersOf(things)) {
		of := slices.DeleteFunc(valuesOf(things, pointer), func(value string) bool { return !isText(value) })
		for _, value := range of[:min(len(of), 2)] {
			if !slices.Contains(values, value) {
				values = append(values, value)
			}
		}
	}
	return filter{values: values, lets: func(thing map[string]any, value string) bool {
		return slices.ContainsFunc(fields, func(field string) bool {
			text, _ := at(thing, field).(string)
			return strings.Contains(strings.ToLower(text), strings.ToLower(value))
		})
	}}
}

// isText reports whether a value is a text that people search for, and not an id, time, number or
// word of an enumeration.
func isText(value string) bool {
	return strings.ContainsAny(value, " -@/") && uuid.Validate(value) != nil && !strings.HasSuffix(value, "Z")
}

// readFilters derives each parameter's filter from the field of the same name.
func (l *list) readFilters(things []map[string]any) {
	l.Helper()
	l.filters = map[string]filter{}
	for _, name := range apitest.Filters(l.op) {
		if name == "q" {
			l.filters[name] = l.search(things)
			continue
		}
		field, lets := fieldOf(things, name), func(field, value string) bool { return field == value }
		if r, ok := ranges[name]; ok {
			field, lets = r.field, r.lets
		}
		if field == "" {
			l.Fatalf("unknown parameter %s: the listed records have no such field; add it to ranges", name)
		}
		l.filters[name] = filter{values: valuesOf(things, field), lets: func(thing map[string]any, value string) bool {
			found := at(thing, field)
			return found != nil && lets(textOf(found), value)
		}}
	}
}

// fieldOf returns the pointer of the field with the name of a parameter: company_id is /company_id,
// actor_id is /actor/id, and country is /address/country.
func fieldOf(things []map[string]any, parameter string) string {
	var part string
	for _, pointer := range pointersOf(things) {
		switch {
		case strings.ReplaceAll(pointer[1:], "/", "_") == parameter:
			return pointer
		case strings.HasSuffix(pointer, "/"+parameter):
			part = pointer
		}
	}
	return part
}

// pointersOf returns the pointers of all fields, including those of nested objects.
func pointersOf(things []map[string]any) []string {
	found := map[string]bool{}
	for _, thing := range things {
		for name, value := range thing {
			found["/"+name] = true
			parts, _ := value.(map[string]any)
			for part := range parts {
				found["/"+name+"/"+part] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// valuesOf returns some distinct values of a field.
func valuesOf(things []map[string]any, field string) []string {
	var values []string
	for _, thing := range things {
		switch v := at(thing, field).(type) {
		case nil, map[string]any:
		default:
			if !slices.Contains(values, textOf(v)) {
				values = append(values, textOf(v))
			}
		}
	}
	const most = 6
	return values[:min(len(values), most)]
}

// textOf formats a JSON value for a parameter: numbers without an exponent.
func textOf(v any) string {
	if number, ok := v.(float64); ok {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}
