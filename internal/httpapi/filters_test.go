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

// TestEveryFilterCountsInEveryOrder lists two families and things with few fields by each filter,
// by all pairs of filters and by all of them, in every order and with the count. Which things each
// has to let through follows from the things themselves.
func TestEveryFilterCountsInEveryOrder(t *testing.T) {
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

// populate makes three things of each entity that a POST makes: two with all fields, which differ
// in each of them, and one with only the required ones. One more goes through each operation that
// changes a state, as deactivateUser does. The trail gets an entry of something that was refused.
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

// list is an operation that lists things.
type list struct {
	*testing.T

	family  *apitest.Family
	op      access.Operation
	filters map[string]filter
}

// filter says whether a thing is let through by a value of a parameter.
type filter struct {
	values []string
	lets   func(thing map[string]any, value string) bool
}

// isOne reports whether the operation is a list of what the tenant, or the installation, has.
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

// check compares what each combination of filters lets through with what it should, in every order.
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
			return // more combinations mostly say the same
		}
		for _, order := range orders {
			want := slices.DeleteFunc(slices.Clone(all[order]), func(thing map[string]any) bool { return !l.lets(thing, values) })
			l.same(order, values, want, l.get(order, values))
		}
	}
}

// isSorted fails the test unless things are in the order of a field; texts without regard to upper
// and lower case.
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

// isAfter compares keys: numbers as such, also those in texts, and texts in lower case.
func isAfter(a, b any) bool {
	one, two := strings.ToLower(fmt.Sprint(a)), strings.ToLower(fmt.Sprint(b))
	n, err := strconv.ParseFloat(one, 64)
	m, otherErr := strconv.ParseFloat(two, 64)
	if err == nil && otherErr == nil {
		return n > m
	}
	return one > two
}

// get returns all that a list has, and fails the test unless it counts that, too.
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
		l.Errorf("sort=%v %v lists other things than it should (-want +got):\n%s", order, values, diff)
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

// combinations are values for each filter alone, for each two of them, and for all. A filter of
// which no value lets some things through and others not proves nothing.
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

// ranges are the parameters that are compared with a field by other means than equality.
var ranges = map[string]struct {
	field string
	lets  func(field, value string) bool
}{
	"from": {"/time", func(field, value string) bool { return field >= value }},
	"to":   {"/time", func(field, value string) bool { return field < value }},
}

// searched are the fields that q is looked for in, of lists of what no description has.
var searched = map[string][]string{
	"listTenants":   {"/code", "/name", "/contact_name", "/contact_email"},
	"listUsers":     {"/full_name", "/email", "/phone"},
	"listAuditLogs": {"/actor/email", "/entity_label", "/action", "/reason", "/path"},
}

// searchedFields are those of a list. All others must not be found by their values.
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
		l.Fatalf("nothing says what q of %s is looked for in: it has no description, and isn't in searched", l.op.ID)
	}
	return searched[l.op.ID]
}

// search is the filter q: it is looked for in some of the texts of a thing, in upper or lower case.
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

// isText reports whether a value is one that people search for, and no id, time, number or word of
// an enumeration.
func isText(value string) bool {
	return strings.ContainsAny(value, " -@/") && uuid.Validate(value) != nil && !strings.HasSuffix(value, "Z")
}

// readFilters finds out what each parameter lets through: it is called like a field of the listed
// things.
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
			l.Fatalf("nothing says what %s lets through: it is no field of the listed things, and not in ranges", name)
		}
		l.filters[name] = filter{values: valuesOf(things, field), lets: func(thing map[string]any, value string) bool {
			found := at(thing, field)
			return found != nil && lets(textOf(found), value)
		}}
	}
}

// fieldOf returns the pointer of the field that a parameter is called like: company_id is
// /company_id, actor_id is /actor/id, and country is /address/country.
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

// pointersOf returns the places of all fields of things, and of all parts of fields that are
// objects.
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

// valuesOf returns some different values of a field.
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

// textOf returns a value of JSON as a parameter has it: numbers without an exponent.
func textOf(v any) string {
	if number, ok := v.(float64); ok {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}
