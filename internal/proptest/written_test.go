package proptest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// TestWhatIsWrittenIsRead compares the replies to changes with what the database has afterwards. The service makes a reply
// from what it has in memory, so a column that is never written, or never read, shows only in the next GET.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		r := newRun(t, engine, effort{})
		for _, op := range r.plain {
			if op.Method == http.MethodGet || op.Method == http.MethodDelete || !isTagged(op) {
				continue
			}
			t.Run(op.ID, func(t *testing.T) {
				f := r.world(t).family(0)
				if op.Method == http.MethodPut {
					f.writeFields(op)
				} else {
					f.change(op)
				}
			})
		}
	})
}

// change carries out an operation that isn't an update. A thing that it makes has all fields.
func (f *family) change(op access.Operation) {
	id, body := "", any(nil)
	if op.Entity != "" {
		id = f.add(op.Entity, allFields)
		f.prepare(op, thing{id: id})
	}
	if op.Spec.RequestBody != nil {
		body = f.sample(f.bodyOf(op), allFields)
	}
	reply := f.do(op, id, "", body)
	if reply.Status >= http.StatusMultipleChoices {
		f.t.Fatalf("%d %s", reply.Status, reply.Body)
	}
	now := f.compareWithRead(op, reply)
	if sent, _ := body.(map[string]any); sent != nil {
		f.compare("the request", merge(now, sent), now)
	}
}

// writeFields sends an update of each field alone, of each to null, of all together, and of a part of them. Each changes what it has and nothing
// else.
func (f *family) writeFields(op access.Operation) {
	f.t.Helper()
	id := ""
	if op.Entity != "" {
		id = f.add(op.Entity, requiredFields)
	}
	body := f.bodyOf(op)
	now := f.compareWithRead(op, f.do(op, id, "", map[string]any{}).Want(f.t, http.StatusOK))
	update := func(change map[string]any) {
		f.t.Helper()
		reply := f.do(op, id, "", change).Want(f.t, http.StatusOK)
		after := f.compareWithRead(op, reply)
		f.compare(encode(nil, change), merge(now, change), after)
		now = after
	}
	var values, nulls []map[string]any
	for _, p := range places("", body)[1:] {
		if p.schema.kind != "object" {
			f.number = 0
			value := f.sample(p.schema, allFields)
			if value == at(now, p.pointer) {
				f.number = 1
				value = f.sample(p.schema, allFields)
			}
			values = append(values, put(nil, steps(p.pointer), value).(map[string]any))
		}
		if p.schema.nullable {
			nulls = append(nulls, put(nil, steps(p.pointer), nil).(map[string]any))
		}
	}
	for _, change := range slices.Concat(values, nulls, values) {
		update(change)
	}
	f.number = 1
	update(f.sample(body, allFields).(map[string]any))
	f.number = 0
	update(f.sample(body, allFields).(map[string]any))
}

// compareWithRead fails the test unless a GET answers what a change has answered, with the same tag. It returns that.
func (f *family) compareWithRead(op access.Operation, reply apitest.Reply) map[string]any {
	f.t.Helper()
	var answered map[string]any
	if err := json.Unmarshal(reply.Body, &answered); err != nil {
		f.t.Fatal(err)
	}
	reader, field := f.reader(op)
	if field != "" {
		answered, _ = answered[field].(map[string]any)
	}
	id, _ := answered["id"].(string)
	got := f.do(reader, id, "", nil).Want(f.t, http.StatusOK)
	now := apitest.Decode[map[string]any](f.t, got)
	if diff := cmp.Diff(now, answered); diff != "" {
		f.t.Errorf("%s answers something else than %s afterwards (-GET +%s):\n%s", op.ID, reader.ID, op.Method, diff)
	}
	if tag := reply.Header.Get("ETag"); tag != got.Header.Get("ETag") {
		f.t.Errorf("%s has the tag %s, and %s has %s afterwards", op.ID, tag, reader.ID, got.Header.Get("ETag"))
	}
	return now
}

// reader is the operation that reads what another one answers, and the field of the answer that has it; "" is the whole.
func (f *family) reader(op access.Operation) (access.Operation, string) {
	f.t.Helper()
	answer := successOf(op).Content[jsonType].Schema
	for _, get := range f.operations {
		if get.Method != http.MethodGet || get.Entity == "" || !strings.HasSuffix(get.Path, "/{id}") || successOf(get).Content[jsonType] == nil {
			continue
		}
		ref := successOf(get).Content[jsonType].Schema.Ref
		if answer.Ref == ref {
			return get, ""
		}
		for name, property := range answer.Value.Properties {
			if property.Ref == ref {
				return get, name
			}
		}
	}
	f.t.Fatalf("no operation reads what %s answers", op.ID)
	return access.Operation{}, ""
}

// compare fails the test unless a thing is as wanted, but for what changes with each update, and for upper and lower case.
func (f *family) compare(change string, want, got map[string]any) {
	f.t.Helper()
	for _, thing := range []map[string]any{want, got} {
		delete(thing, "version")
		delete(thing, "updated_at")
	}
	if diff := cmp.Diff(withoutNulls(want), withoutNulls(got), cmp.Comparer(strings.EqualFold)); diff != "" {
		f.t.Errorf("after the change %s it is not as it should be (-want +got):\n%s", change, diff)
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

// withoutNulls returns a thing without fields that are null. An object of which nothing is left is null, too. Numbers are as
// JSON has them.
func withoutNulls(thing map[string]any) map[string]any {
	left := map[string]any{}
	for name, value := range thing {
		switch v := value.(type) {
		case nil:
		case int64:
			left[name] = float64(v)
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
	for _, name := range steps(pointer) {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}
