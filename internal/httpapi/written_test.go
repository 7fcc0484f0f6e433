package httpapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// TestWrittenFieldsAreRead compares the replies to changes with the following GET. A reply is built
// from memory, so only the next GET shows a column that is never written or never read.
func TestWrittenFieldsAreRead(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		for _, op := range apitest.Operations(t) {
			if op.Method == http.MethodGet || op.Method == http.MethodDelete || !isTagged(op) {
				continue
			}
			t.Run(op.ID, func(t *testing.T) {
				w := writer{t, a.Family(a.Tenant(t).ID), op}
				if op.Method == http.MethodPut {
					w.writeFields()
				} else {
					w.change()
				}
			})
		}
	})
}

// isTagged reports whether the reply has an entity tag, which a GET can compare.
func isTagged(op access.Operation) bool { return successOf(op).Headers["ETag"] != nil }

// successOf returns the document's reply of an operation that succeeds at once.
func successOf(op access.Operation) *openapi3.Response {
	for _, status := range []int{http.StatusOK, http.StatusCreated} {
		if r := op.Spec.Responses.Status(status); r != nil {
			return r.Value
		}
	}
	return &openapi3.Response{}
}

// writer sends changes with an operation and compares the replies with the following GET.
type writer struct {
	t      *testing.T
	family *apitest.Family
	op     access.Operation
}

// change sends an operation that isn't an update. A created record has all fields.
func (w writer) change() {
	w.t.Helper()
	id := ""
	if w.op.Entity != "" {
		id = w.family.Prepare(w.t, w.op)
	}
	body := w.family.Body(w.t, w.op, apitest.AllFields)
	reply := w.family.Do(w.t, w.op, id, "", body)
	if reply.Status >= http.StatusMultipleChoices {
		w.t.Fatalf("%d %s", reply.Status, reply.Body)
	}
	now := w.compareWithRead(reply)
	if sent, ok := body.(map[string]any); ok {
		w.compare("creation", merge(now, sent), now)
	}
}

// writeFields updates each field alone, each to null, and all together. Each update has to change
// only the fields that it has.
func (w writer) writeFields() {
	w.t.Helper()
	id := ""
	if w.op.Entity != "" {
		id = w.family.Add(w.t, w.op.Entity, apitest.RequiredFields)
	}
	now := w.compareWithRead(w.family.Do(w.t, w.op, id, "", map[string]any{}).Want(w.t, http.StatusOK))
	update := func(change map[string]any) {
		w.t.Helper()
		after := w.compareWithRead(w.family.Do(w.t, w.op, id, "", change).Want(w.t, http.StatusOK))
		w.compare(fmt.Sprint(change), merge(now, change), after)
		now = after
	}
	for pointer, field := range leaves("", apitest.BodyOf(w.op)) {
		w.family.Number = 0
		value := w.family.Sample(w.t, field, apitest.AllFields)
		if value == at(now, pointer) {
			w.family.Number = 1
			value = w.family.Sample(w.t, field, apitest.AllFields)
		}
		update(put(pointer, value))
		if field.Nullable {
			update(put(pointer, nil))
		}
	}
	for _, number := range []int{1, 0} {
		w.family.Number = number
		update(w.family.Body(w.t, w.op, apitest.AllFields).(map[string]any))
	}
	for name, field := range apitest.Properties(apitest.BodyOf(w.op)) {
		if field.Nullable {
			update(put("/"+name, nil))
		}
	}
}

// leaves returns the fields of a schema that aren't objects, by their JSON Pointers.
func leaves(pointer string, s *openapi3.Schema) map[string]*openapi3.Schema {
	properties := apitest.Properties(s)
	if len(properties) == 0 {
		return map[string]*openapi3.Schema{pointer: s}
	}
	all := map[string]*openapi3.Schema{}
	for name, property := range properties {
		maps.Copy(all, leaves(pointer+"/"+name, property))
	}
	return all
}

// put returns an object with a value at a JSON Pointer.
func put(pointer string, value any) map[string]any {
	first, rest, inPart := strings.Cut(pointer[1:], "/")
	if inPart {
		value = put("/"+rest, value)
	}
	return map[string]any{first: value}
}

// compareWithRead fails the test unless a GET returns the same body and tag as the change. It
// returns the body.
func (w writer) compareWithRead(reply apitest.Reply) map[string]any {
	w.t.Helper()
	answered := apitest.Decode[map[string]any](w.t, reply)
	reader, field := w.reader()
	if field != "" {
		answered, _ = answered[field].(map[string]any)
	}
	id, _ := answered["id"].(string)
	got := w.family.Do(w.t, reader, id, "", nil).Want(w.t, http.StatusOK)
	now := apitest.Decode[map[string]any](w.t, got)
	if diff := cmp.Diff(now, answered); diff != "" {
		w.t.Errorf("the reply of %s differs from the following %s (-GET +%s):\n%s", w.op.ID, reader.ID, w.op.Method, diff)
	}
	if tag := reply.Header.Get("ETag"); tag != got.Header.Get("ETag") {
		w.t.Errorf("%s returns the tag %s, the following %s returns %s", w.op.ID, tag, reader.ID, got.Header.Get("ETag"))
	}
	return now
}

// reader returns the operation that reads the result of another one, and the field of the reply
// that has it; "" is the whole reply.
func (w writer) reader() (access.Operation, string) {
	w.t.Helper()
	answer := successOf(w.op).Content["application/json"].Schema
	for _, get := range apitest.Operations(w.t) {
		if get.Method != http.MethodGet || get.Entity == "" || !strings.HasSuffix(get.Path, "/{id}") || successOf(get).Content["application/json"] == nil {
			continue
		}
		ref := successOf(get).Content["application/json"].Schema.Ref
		if answer.Ref == ref {
			return get, ""
		}
		for name, property := range answer.Value.Properties {
			if property.Ref == ref {
				return get, name
			}
		}
	}
	w.t.Fatalf("no operation reads the result of %s", w.op.ID)
	return access.Operation{}, ""
}

// compare fails the test unless a record is as wanted. It ignores fields that change with each
// update, and case.
func (w writer) compare(change string, want, got map[string]any) {
	w.t.Helper()
	for _, thing := range []map[string]any{want, got} {
		delete(thing, "version")
		delete(thing, "updated_at")
	}
	if diff := cmp.Diff(withoutNulls(want), withoutNulls(got), cmp.Comparer(strings.EqualFold)); diff != "" {
		w.t.Errorf("wrong record after the change %s (-want +got):\n%s", change, diff)
	}
}

// merge returns a record with the fields of a change.
func merge(thing, change map[string]any) map[string]any {
	merged := maps.Clone(thing)
	for name, value := range change {
		if part, ok := value.(map[string]any); ok {
			before, _ := merged[name].(map[string]any)
			value = merge(before, part)
		}
		if merged == nil {
			merged = map[string]any{}
		}
		merged[name] = value
	}
	return merged
}

// withoutNulls returns a record without null fields. An object without any other field counts as
// null.
func withoutNulls(thing map[string]any) map[string]any {
	left := map[string]any{}
	for name, value := range thing {
		switch v := value.(type) {
		case nil:
		case map[string]any:
			if part := withoutNulls(v); len(part) > 0 {
				left[name] = part
			}
		default:
			left[name] = v
		}
	}
	return left
}

// at returns the value at a JSON Pointer, nil if there is none.
func at(thing map[string]any, pointer string) any {
	var value any = thing
	for name := range strings.SplitSeq(pointer[1:], "/") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}
