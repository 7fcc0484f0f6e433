package storetest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// pattern is the parameter for the pattern that a list searches in search_text.
const pattern = "pattern"

// listFilters tests each filter alone, each pair of filters, and all of them, in every order and
// with the count.
func listFilters(t *T, r resource.Resource) {
	one := tenant(t)
	var rows []record
	for _, f := range []*family{newFamily(t, one), newFamily(t, one)} {
		for n := range 4 {
			f.add(r, allColumns, func(row record) {
				for i, column := range r.FilterColumns() { // the bools and enums of a row aren't all equal
					switch field, _ := r.Field(column); field.Type.Kind {
					case resource.Bool:
						row.set(column, strconv.FormatBool(n>>(i%2)%2 == 0))
					case resource.Enum:
						row.set(column, field.Enum[n>>(i%2)%len(field.Enum)])
					default:
					}
				}
			})
		}
		f.add(r, requiredColumns)
		rows = append(rows, f.of(r)...)
	}
	newFamily(t, tenant(t)).add(r, allColumns, func(row record) { // another tenant's
		for _, column := range r.FilterColumns() {
			if field, _ := r.Field(column); field.Type.Kind != resource.Ref {
				row.row.FieldByName(resource.GoName(column)).Set(rows[0].row.FieldByName(resource.GoName(column)))
			}
		}
	})
	for _, filters := range combinations(t, r, rows) {
		want := slices.DeleteFunc(slices.Clone(rows), func(row record) bool { return !row.passes(filters) })
		for _, l := range t.listings(r) {
			slices.SortFunc(want, l.compare)
			equal(t, fmt.Sprintf("order %s with %v", l, filters), l.page(one, filters, nil, 100), valuesOf(want))
		}
		equal(t, fmt.Sprintf("count with %v", filters), count(t, r, one, filters), int64(len(want)))
	}
}

// combinations returns arguments without a filter, for each filter alone, for each pair of filters,
// and for all of them. Each filter has a value that matches only some of the rows.
func combinations(t *T, r resource.Resource, rows []record) []arguments {
	t.Helper()
	names := r.FilterColumns()
	if r.IsSearched() {
		names = append(names, pattern)
	}
	const enough = 4 // values per filter
	list, all := []arguments{nil}, arguments{}
	values := map[string][]string{}
	for _, name := range names {
		splits := false
		for _, row := range rows {
			value := row.filterValue(name)
			if value == "" || slices.Contains(values[name], value) || len(values[name]) == enough {
				continue
			}
			values[name] = append(values[name], value)
			list = append(list, arguments{name: value})
			passing := slices.DeleteFunc(slices.Clone(rows), func(row record) bool { return !row.passes(arguments{name: value}) })
			splits = splits || 0 < len(passing) && len(passing) < len(rows)
		}
		if !splits {
			t.Errorf("no value of %s matches only some of the rows: %q", name, values[name])
			continue
		}
		for other := range all {
			for _, value := range values[name] {
				list = append(list, arguments{name: value, other: all[other]})
			}
		}
		all[name] = values[name][0]
	}
	return append(list, all)
}

// filterValue returns the value of a filter that matches the row, or "" if there is none.
func (r record) filterValue(filter string) string {
	if filter == pattern {
		text, _ := r.get(resource.SearchText).(string)
		return "%" + text[1:]
	}
	switch value := r.get(filter).(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	default:
		return fmt.Sprint(value)
	}
}

// passes reports whether the row matches the filters.
func (r record) passes(filters arguments) bool {
	for filter, value := range filters {
		if r.filterValue(filter) != value {
			return false
		}
	}
	return true
}

func count(t *T, r resource.Resource, tenant uuid.UUID, filters arguments) int64 {
	t.Helper()
	arguments := arguments{resource.TenantID: tenant.String()}
	maps.Copy(arguments, filters)
	n, err := changedRows(t.call("Count"+r.GoPlural(), reflect.Value{}, arguments))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// listSearches tests patterns that match at the start, in the middle and at the end of a text.
func listSearches(t *T, r resource.Resource) {
	if !r.IsSearched() {
		return
	}
	f := newFamily(t, tenant(t))
	texts := []string{"alpha berlin", "beta bern", "gamma berlin", "delta"}
	rows := map[string]record{}
	for _, text := range texts {
		rows[text] = f.build(r, requiredColumns, func(row record) { row.set(resource.SearchText, text) })
		rows[text].insert()
	}
	for like, want := range map[string][]string{
		"%a ber%":  {texts[0], texts[1], texts[2]}, // in the middle
		"%berlin":  {texts[0], texts[2]},           // at the end
		"delta%":   {texts[3]},                     // at the beginning
		"%ber_":    {texts[1]},                     // any character
		"berlin":   nil,                            // the whole text
		"%BERLIN%": nil,                            // the text is in lower case already
	} {
		var found []record
		for _, text := range want {
			found = append(found, rows[text])
		}
		for _, l := range t.listings(r) {
			slices.SortFunc(found, l.compare)
			equal(t, fmt.Sprintf("order %s like %q", l, like), l.page(f.tenant, arguments{pattern: like}, nil, 100), valuesOf(found))
		}
	}
}

func listEmpty(t *T, r resource.Resource) {
	one := tenant(t)
	for _, l := range t.listings(r) {
		equal(t, "order "+l.String(), l.page(one, nil, nil, 1), []any{})
	}
	equal(t, "count", count(t, r, one, nil), 0)
}
