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

// TestWhatIsWrittenIsRead compares the replies to changes with what the database has afterwards.
// The service makes a reply from what it has in memory, so a column that is never written, or never
// read, shows only in the next GET.
func TestWhatIsWrittenIsRead(t *testing.T) {
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

// isTagged reports whether the reply has an entity tag: it is a thing that can be read.
func isTagged(op access.Operation) bool { return successOf(op).Headers["ETag"] != nil }

// successOf is the reply to an operation that succeeds at once.
func successOf(op access.Operation) *openapi3.Response {
	for _, status := range []int{http.StatusOK, http.StatusCreated} {
		if r := op.Spec.Responses.Status(status); r != nil {
			return r.Value
		}
	}
	return &openapi3.Response{}
}

// writer sends changes with an operation and compares what they answer with what can be read then.
type writer struct {
	t      *testing.T
	family *apitest.Family
	op     access.Operation
}

// change carries out an operation that isn't an update. A thing that it makes has all fields.
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

// writeFields sends an update of each field alone, of each to null, and of all together. Each
// changes what it has and nothing else.
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

// leaves are the fields of a schema that aren't objects, by their JSON Pointers.
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

// compareWithRead fails the test unless a GET answers what a change has answered, with the same
// tag. It returns that.
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
		w.t.Errorf("%s answers something else than %s afterwards (-GET +%s):\n%s", w.op.ID, reader.ID, w.op.Method, diff)
	}
	if tag := reply.Header.Get("ETag"); tag != got.Header.Get("ETag") {
		w.t.Errorf("%s has the tag %s, and %s has %s afterwards", w.op.ID, tag, reader.ID, got.Header.Get("ETag"))
	}
	return now
}

// reader is the operation that reads what another one answers, and the field of the answer that has
// it; "" is the whole.
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
	w.t.Fatalf("no operation reads what %s answers", w.op.ID)
	return access.Operation{}, ""
}

// compare fails the test unless a thing is as wanted, but for what changes with each update, and
// for upper and lower case.
func (w writer) compare(change string, want, got map[string]any) {
	w.t.Helper()
	for _, thing := range []map[string]any{want, got} {
		delete(thing, "version")
		delete(thing, "updated_at")
	}
	if diff := cmp.Diff(withoutNulls(want), withoutNulls(got), cmp.Comparer(strings.EqualFold)); diff != "" {
		w.t.Errorf("after the change %s it is not as it should be (-want +got):\n%s", change, diff)
	}
}

// merge returns a thing with the fields of a change.
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

// withoutNulls returns a thing without fields that are null. An object of which nothing is left is
// null, too.
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
