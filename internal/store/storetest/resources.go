package storetest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// resourceTests returns tests of the standard queries that a resource's description leads to.
func resourceTests(r resource.Resource) map[string]func(*T) {
	tests := map[string]func(*T, resource.Resource){
		"every column comes back, and null as null":                              columnsComeBack,
		"missing, or another tenant's":                                           missing,
		"needs its tenant":                                                       needsTenant,
		"keys are unique":                                                        uniqueKeys,
		"refers to rows of its tenant and its company":                           references,
		"update has all columns that can change":                                 updateIsComplete,
		"update changes every column, and back to null":                          updateChanges,
		"update of a stale version, or another tenant's, or none":                staleUpdates,
		"delete needs the version, the tenant and the id":                        deletions,
		"delete is refused while others refer to it":                             keptByOthers,
		"lock of the company":                                                    locksCompany,
		"list/pages of any size hold every row once and in order":                listPages,
		"list/filters apply in every order and to the count":                     listFilters,
		"list/a pattern is searched in the searched text":                        listSearches,
		"list/an empty list is not null":                                         listEmpty,
		"removal of a tenant/only a range of its rows is deleted":                removalOfRange,
		"removal of a tenant/circular references are set to null":                removalDetaches,
		"removal of the referenced row/rows are listed, and deleted up to an id": removalOfReferenced,
		"removal of the referenced row/affected rows are counted":                removalCounts,
	}
	named := map[string]func(*T){}
	for name, test := range tests {
		named[r.Name+"/"+name] = func(t *T) { test(t, r) }
	}
	return named
}

func columnsComeBack(t *T, r resource.Resource) {
	f := newFamily(t, tenant(t))
	for _, which := range []columns{requiredColumns, allColumns} {
		row := f.add(r, which)
		equal(t, r.Name, row.now(), row.values())
	}
}

func missing(t *T, r resource.Resource) {
	row := newFamily(t, tenant(t)).add(r, allColumns)
	for what, change := range elsewhere(t) {
		if got, err := t.call("Get"+r.GoName(), row.row, change); !isNotFound(err) {
			t.Errorf("%s: %+v, error %v; want not found", what, got, err)
		}
	}
}

// elsewhere returns arguments that match no row: an unknown id, and another tenant.
func elsewhere(t *T) map[string]arguments {
	return map[string]arguments{
		"missing": {resource.ID: newID().String()}, "another tenant's": {resource.TenantID: tenant(t).String()},
	}
}

func needsTenant(t *T, r resource.Resource) {
	row := newFamily(t, tenant(t)).build(r, requiredColumns)
	row.set(resource.TenantID, newID().String())
	if v := violation(row.tryInsert()); v == nil || v.Kind != store.ForeignKey {
		t.Errorf("error is %v; want violation of a foreign key", v)
	}
}

// uniqueKeys tries, for each unique key, a row with the same key, and rows that differ from it in
// one column of the key.
func uniqueKeys(t *T, r resource.Resource) {
	for _, key := range r.UniqueKeys() {
		f := newFamily(t, tenant(t))
		first := f.add(r, allColumns)
		constraint := r.Plural + "_" + strings.Join(key, "_") + "_key"
		same := func(row record, columns ...string) {
			for _, c := range columns {
				field := resource.GoName(c)
				row.row.FieldByName(field).Set(first.row.FieldByName(field))
			}
		}
		second := f.build(r, allColumns)
		same(second, key...)
		isViolation(t, second.tryInsert(), store.Unique, constraint)
		last := key[len(key)-1]
		if field, _ := r.Field(last); !field.Fixed {
			other := f.add(r, allColumns, func(row record) {
				for _, column := range key { // an update doesn't change fixed columns
					if field, _ := r.Field(column); field.Fixed {
						same(row, column)
					}
				}
			})
			same(other, key...)
			_, err := other.update(nil)
			isViolation(t, err, store.Unique, constraint)
		}
		elsewhere := newFamily(t, tenant(t)).build(r, allColumns)
		same(elsewhere, last)
		elsewhere.insert()
		if parent, ok := r.Parent(); ok && slices.Contains(key, parent.Name) {
			sibling := newFamily(t, f.tenant).build(r, allColumns)
			same(sibling, last)
			sibling.insert()
		}
		if field, _ := r.Field(last); field.Null { // nulls are never equal
			for range 2 {
				f.add(r, allColumns, func(row record) { row.set(last, "") })
			}
		}
	}
}

// references tries ids that don't exist, that belong to another tenant, and that belong to another
// company.
func references(t *T, r resource.Resource) {
	f := newFamily(t, tenant(t))
	existing := f.add(r, requiredColumns)
	for _, field := range r.References() {
		wrong := map[string]string{"missing": newID().String(), "another tenant's": newFamily(t, tenant(t)).member(field.Ref).String()}
		if field.SameCompany {
			wrong["another company's"] = newFamily(t, f.tenant).member(field.Ref).String()
		}
		for what, id := range wrong {
			constraint := resource.Identifier(r.Plural, r.ForeignKey(field), "fkey")
			row := f.build(r, requiredColumns)
			row.set(field.Name, id)
			isViolation(t, row.tryInsert(), store.ForeignKey, constraint)
			if field.Fixed {
				continue
			}
			_, err := existing.update(arguments{field.Name: id})
			isViolation(t, err, store.ForeignKey, constraint)
			if t.Failed() {
				t.Fatalf("%s is %s", field.Name, what)
			}
		}
	}
	equal(t, r.Name, existing.now(), existing.values())
}

// updateIsComplete compares the parameters of the update with the columns that can change. A
// missing column would never be written; an additional one would change a fixed column.
func updateIsComplete(t *T, r resource.Resource) {
	var want, got []string
	for _, c := range append(r.Updated(), resource.Column{Name: "tenant_id"}, resource.Column{Name: "id"}, resource.Column{Name: "version"}) {
		want = append(want, resource.GoName(c.Name))
	}
	for field := range t.method("Update" + r.GoName()).Type().In(1).Fields() {
		got = append(got, field.Name)
	}
	slices.Sort(want)
	slices.Sort(got)
	equal(t, "parameters", got, want)
}

func updateChanges(t *T, r resource.Resource) {
	f := newFamily(t, tenant(t))
	stored := f.add(r, requiredColumns)
	write := func(what string, row record) {
		t.Helper()
		if n, err := row.update(nil); n != 1 || err != nil {
			t.Fatalf("%s: %d rows, error %v; want 1 row", what, n, err)
		}
		row.row.FieldByName("Version").SetInt(row.row.FieldByName("Version").Int() + 1)
		equal(t, r.Name+" with "+what, row.now(), row.values())
		stored = row
	}
	full := stored.clone()
	for _, c := range r.Updated() {
		one := stored.clone()
		value := f.sample(r, c)
		for range 2 { // until the value differs
			if before := stored.get(c.Name); fmt.Sprint(before) == value {
				value = f.sample(r, c)
			}
		}
		one.set(c.Name, value)
		full.set(c.Name, value)
		write("another "+c.Name, one)
		if c.Null {
			one = stored.clone()
			one.set(c.Name, "")
			write("no "+c.Name, one)
		}
	}
	full.set(resource.Version, fmt.Sprint(stored.get(resource.Version)))
	write("all columns", full)
}

func staleUpdates(t *T, r resource.Resource) {
	f := newFamily(t, tenant(t))
	stored := f.add(r, requiredColumns)
	row := stored.clone()
	row.set(resource.UpdatedAt, noon().Add(time.Hour).Format(time.RFC3339Nano))
	wrong := elsewhere(t)
	wrong["stale"] = arguments{resource.Version: "2"}
	for what, change := range wrong {
		if n, err := row.update(change); n != 0 || err != nil {
			t.Errorf("update with arguments %q: %d rows, error %v; want 0 rows", what, n, err)
		}
	}
	equal(t, r.Name, stored.now(), stored.values())
}

func deletions(t *T, r resource.Resource) {
	if t.isByHand("Delete" + r.GoName()) {
		return
	}
	row := newFamily(t, tenant(t)).add(r, allColumns)
	wrong := elsewhere(t)
	wrong["stale"] = arguments{resource.Version: "2"}
	for what, change := range wrong {
		if n, err := row.delete(change); n != 0 || err != nil {
			t.Errorf("deletion with arguments %q: %d rows, error %v; want 0 rows", what, n, err)
		}
	}
	for _, want := range []int64{1, 0} {
		if n, err := row.delete(nil); n != want || err != nil {
			t.Errorf("deletion: %d rows, error %v; want %d", n, err, want)
		}
	}
	if _, err := t.call("Get"+r.GoName(), row.row, nil); !isNotFound(err) {
		t.Errorf("get after the deletion: error %v; want not found", err)
	}
}

// byHand maps standard queries that don't exist to the reason.
var byHand = map[string]string{
	"DeleteDepartment": "departments are deleted by ranges of ids, see DeleteDepartmentsOfCompany",
}

func (t *T) isByHand(query string) bool {
	return byHand[query] != "" && !t.has(query)
}

func (t *T) has(query string) bool {
	return reflect.ValueOf(t.store.Querier).MethodByName(query).IsValid()
}

// takes reports whether a query exists and has this parameter.
func (t *T) takes(query, parameter string) bool {
	if !t.has(query) {
		return false
	}
	_, ok := t.method(query).Type().In(1).FieldByName(parameter)
	return ok
}

// keptByOthers tries to delete rows that rows of another resource, or users, refer to.
func keptByOthers(t *T, r resource.Resource) {
	if t.isByHand("Delete" + r.GoName()) {
		return
	}
	if field := r.Name + "_id"; reflect.ValueOf(db.User{}).FieldByName(resource.GoName(field)).IsValid() {
		row := newFamily(t, tenant(t)).add(r, requiredColumns)
		u := newUser(row.tenant())
		id := row.id()
		reflect.ValueOf(&u).Elem().FieldByName(resource.GoName(field)).Set(reflect.ValueOf(&id))
		user(t, u)
		_, err := row.delete(nil)
		isViolation(t, err, store.ForeignKey, "users_tenant_id_"+field+"_fkey")
	}
	for _, name := range slices.Sorted(maps.Keys(t.resources)) {
		other := t.resources[name]
		for _, field := range other.References() {
			if field.Ref != r.Name {
				continue
			}
			f := newFamily(t, tenant(t))
			row := f.add(r, requiredColumns)
			f.members[r.Name] = row.id()
			f.add(other, requiredColumns, func(o record) { o.set(field.Name, row.id().String()) })
			_, err := row.delete(nil)
			isViolation(t, err, store.ForeignKey, resource.Identifier(other.Plural, other.ForeignKey(field), "fkey"))
		}
	}
}

func locksCompany(t *T, r resource.Resource) {
	if _, ok := r.Parent(); !ok {
		return
	}
	f := newFamily(t, tenant(t))
	row := f.add(r, requiredColumns)
	lock := "LockCompanyOf" + r.GoName()
	for what, change := range elsewhere(t) {
		if n, err := changedRows(t.call(lock, row.row, change)); n != 0 || err != nil {
			t.Errorf("lock with arguments %q: %d rows, error %v; want 0 rows", what, n, err)
		}
	}
	if n, err := changedRows(t.call(lock, row.row, nil)); n != 1 || err != nil {
		t.Errorf("lock: %d rows, error %v; want 1 row", n, err)
	}
	company, err := t.call("GetCompany", row.row, arguments{resource.ID: f.member("company").String()})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "locks", jsonOf(t, company)["lock_count"], any(1.0))
}
