package storetest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

func removalOfRange(t *T, r resource.Resource) {
	one, other := newFamily(t, tenant(t)), newFamily(t, tenant(t))
	var ids, foreign []uuid.UUID
	for range 5 { // alternating, so that each range of ids contains rows of both tenants
		ids, foreign = append(ids, one.add(r, requiredColumns).id()), append(foreign, other.add(r, requiredColumns).id())
	}
	next := func(f *family, after uuid.UUID, limit int) []uuid.UUID {
		return idsOf(t, "List"+r.GoName()+"IDs", arguments{
			resource.TenantID: f.tenant.String(), "after_id": after.String(), "limit": fmt.Sprint(limit),
		})
	}
	remove := func(after, last uuid.UUID) int64 {
		n, err := changedRows(t.call("Delete"+r.GoPlural()+"Between", reflect.Value{}, arguments{
			resource.TenantID: one.tenant.String(), "after_id": after.String(), "last_id": last.String(),
		}))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	equal(t, "the first", next(one, uuid.Nil, 2), ids[:2])
	equal(t, "those after an id", next(one, ids[1], 100), ids[2:])
	equal(t, "after the last", next(one, ids[4], 100), []uuid.UUID{})
	equal(t, "rows", remove(ids[0], ids[2]), 2)
	equal(t, "what is left", next(one, uuid.Nil, 100), slices.Concat(ids[:1], ids[3:]))
	equal(t, "rows that are gone already", remove(ids[0], ids[2]), 0)
	equal(t, "rows", remove(uuid.Nil, uuid.Max), 3)
	equal(t, "the other tenant's", next(other, uuid.Nil, 100), foreign)
}

func idsOf(t *T, query string, arguments arguments) []uuid.UUID {
	t.Helper()
	result, err := t.call(query, reflect.Value{}, arguments)
	if err != nil {
		t.Fatal(err)
	}
	return result.([]uuid.UUID)
}

// removalDetaches tests the two queries for resources that refer to each other in a circle. The
// first lists the rows with such a reference, and the second sets the reference to null.
func removalDetaches(t *T, r resource.Resource) {
	list, detach := "ListAttached"+r.GoName()+"IDs", "Detach"+r.GoPlural()+"Between"
	if !t.has(list) && !t.has(detach) {
		return
	}
	one, other := newFamily(t, tenant(t)), newFamily(t, tenant(t))
	rows := []record{one.add(r, allColumns), one.add(r, allColumns), one.add(r, allColumns)}
	foreign, empty := other.add(r, allColumns), one.add(r, requiredColumns)
	attached := func(after uuid.UUID, limit int) []uuid.UUID {
		ids := idsOf(t, list, arguments{resource.TenantID: one.tenant.String(), "after_id": after.String(), "limit": fmt.Sprint(limit)})
		return slices.DeleteFunc(ids, func(id uuid.UUID) bool { return id == one.members[r.Name] })
	}
	equal(t, "attached", attached(uuid.Nil, 100), []uuid.UUID{rows[0].id(), rows[1].id(), rows[2].id()})
	between := arguments{resource.TenantID: one.tenant.String(), "after_id": rows[0].id().String(), "last_id": rows[1].id().String()}
	if n, err := changedRows(t.call(detach, reflect.Value{}, between)); n != 1 || err != nil {
		t.Fatalf("detach: %d rows, error %v; want 1 row", n, err)
	}
	equal(t, "attached now", attached(uuid.Nil, 100), []uuid.UUID{rows[0].id(), rows[2].id()})
	equal(t, "the next", attached(rows[0].id(), 1), []uuid.UUID{rows[2].id()})
	for _, row := range []record{rows[0], rows[2], foreign, empty} {
		equal(t, "a row out of the range", row.now(), row.values())
	}
	before, after, taken := rows[1].values(), rows[1].now(), 0
	for _, field := range r.References() {
		if field.Null && after[field.Name] == nil {
			before[field.Name] = nil
			taken++
		}
	}
	equal(t, "the row in the range", after, before)
	if taken == 0 {
		t.Error("no reference was set to null")
	}
}

// removalOfReferenced tests the queries that delete the rows which refer to a deleted row.
func removalOfReferenced(t *T, r resource.Resource) {
	for _, field := range r.References() {
		of := resource.GoName(strings.TrimSuffix(field.Name, "_id"))
		query, remove := "List"+r.GoPlural()+"Of"+of, "Delete"+r.GoPlural()+"Of"+of
		if field.OnDelete == resource.Custom && !t.takes(query, "Limit") {
			continue // the service has its own queries
		}
		f := newFamily(t, tenant(t))
		refer := func(row record) { row.set(field.Name, f.member(field.Ref).String()) }
		rows := []record{f.add(r, requiredColumns, refer), f.add(r, requiredColumns, refer)}
		other := newFamily(t, f.tenant).add(r, allColumns)
		list := func(change arguments) []any {
			arguments := arguments{"limit": "3"}
			maps.Copy(arguments, change)
			result, err := t.call(query, rows[0].row, arguments)
			if err != nil {
				t.Fatal(err)
			}
			return jsonRows(t, result)
		}
		all := []any{rows[0].values(), rows[1].values()}
		equal(t, "list", list(nil), all)
		equal(t, "first of the list", list(arguments{"limit": "1"}), all[:1])
		equal(t, "list of another tenant", list(arguments{resource.TenantID: tenant(t).String()}), []any{})
		if field.OnDelete != resource.Cascade && !t.has(remove) {
			continue
		}
		up := arguments{"last_id": rows[0].id().String()}
		foreign := maps.Clone(up)
		foreign[resource.TenantID] = tenant(t).String()
		for n, change := range []arguments{foreign, up} {
			if got, err := changedRows(t.call(remove, rows[0].row, change)); got != int64(n) || err != nil {
				t.Errorf("%d rows deleted, error %v; want %d", got, err, n)
			}
		}
		equal(t, "left", list(nil), all[1:])
		equal(t, "of another", other.now(), other.values())
	}
}

// removalCounts tests the queries that count the rows which are deleted, or lose a reference, when
// a row of another resource is deleted, directly or indirectly.
func removalCounts(t *T, r resource.Resource) {
	for _, how := range []string{"Gone", "Detached"} {
		for _, target := range slices.Sorted(maps.Keys(t.resources)) {
			query := "Count" + r.GoPlural() + how + "With" + t.resources[target].GoName()
			if !t.has(query) {
				continue
			}
			one := newFamily(t, tenant(t))
			two := newFamily(t, one.tenant)
			one.add(r, allColumns)
			one.add(r, requiredColumns)
			two.add(r, allColumns)
			gone, detached := affected(slices.Concat(one.records, two.records), one.member(target), r.Name)
			want := map[string]int64{"Gone": gone, "Detached": detached}[how]
			if want == 0 {
				t.Errorf("%s: the test has no rows to count", query)
			}
			params := arguments{resource.TenantID: one.tenant.String()}
			for field := range t.method(query).Type().In(1).Fields() {
				if column := field.Tag.Get("json"); column != resource.TenantID {
					params[column] = one.member(target).String()
				}
			}
			if n, err := changedRows(t.call(query, reflect.Value{}, params)); n != want || err != nil {
				t.Errorf("%s: %d, error %v; want %d", query, n, err, want)
			}
			params[resource.TenantID] = tenant(t).String()
			if n, err := changedRows(t.call(query, reflect.Value{}, params)); n != 0 || err != nil {
				t.Errorf("%s of another tenant: %d, error %v; want 0", query, n, err)
			}
		}
	}
}

// affected returns how many rows of a resource are deleted with the row first, and how many remain
// but lose a reference.
func affected(rows []record, first uuid.UUID, name string) (gone, detached int64) {
	going := map[string]bool{first.String(): true}
	refersToGoing := func(row record, counts func(resource.Field) bool) bool {
		return slices.ContainsFunc(row.r.References(), func(f resource.Field) bool {
			id, _ := row.get(f.Name).(string)
			return counts(f) && going[id]
		})
	}
	takes := func(f resource.Field) bool {
		return f.OnDelete == resource.Cascade || f.OnDelete == resource.Custom && !f.Null
	}
	for before := 0; before < len(going); {
		before = len(going)
		for _, row := range rows {
			if refersToGoing(row, takes) {
				going[row.id().String()] = true
			}
		}
	}
	for _, row := range rows {
		switch {
		case row.r.Name != name:
		case going[row.id().String()]:
			gone++
		case refersToGoing(row, func(f resource.Field) bool { return f.OnDelete == resource.Detach }):
			detached++
		}
	}
	return gone, detached
}
