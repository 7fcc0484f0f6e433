package proptest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// family is a set of things of a tenant: one of each entity, which refer to each other. So each reference in a body
// can be valid, although some things have to belong to the same company.
type family struct {
	*world

	number  int // things of two families differ in every field
	members map[string]string
}

func (w *world) family(number int) *family {
	return &family{world: w, number: number, members: map[string]string{}}
}

// member returns the id of the family's thing of an entity.
func (f *family) member(entity string) string {
	if f.members[entity] == "" {
		f.members[entity] = f.add(entity, requiredFields)
	}
	return f.members[entity]
}

// fields are which fields of an object get a value.
type fields int

const (
	requiredFields fields = iota
	allFields
)

// add makes one more thing of an entity and returns its id.
func (f *family) add(entity string, which fields) string {
	f.t.Helper()
	op, ok := f.creator(entity)
	if !ok {
		f.t.Fatalf("no operation makes a thing of entity %s, as a POST to its collection would", entity)
	}
	location := f.do(op, "", "", f.sample(f.bodyOf(op), which)).Want(f.t, http.StatusCreated).Header.Get("Location")
	return location[strings.LastIndexByte(location, '/')+1:]
}

// do sends a request in the name of someone who may.
func (f *family) do(op access.Operation, id, query string, body any) apitest.Reply {
	f.t.Helper()
	by, text := f.caller(access.Admin), ""
	if op.RequiredRole == access.Superuser {
		by = f.caller(access.Superuser)
	}
	if body != nil {
		text = encode(nil, body)
	}
	return by.actor.Do(f.t, op.Method, op.Address(id)+query, text)
}

func (f *family) bodyOf(op access.Operation) *schema {
	f.t.Helper()
	body, err := read(op.Spec.RequestBody.Value.Content[jsonType].Schema.Value)
	if err != nil {
		f.t.Fatal(err)
	}
	return body
}

// sample returns a value of a schema. Objects have all fields, or only the required ones.
func (f *family) sample(s *schema, which fields) any {
	switch {
	case s.kind == "object":
		object := map[string]any{}
		for _, name := range s.names() {
			if which == allFields || s.requires(name) {
				object[name] = f.sample(s.fields[name], which)
			}
		}
		return object
	case s.entity != "":
		return f.member(s.entity)
	default:
		return sample(s, f.number)
	}
}

// samples counts the values, so that no two texts are equal.
var samples atomic.Int64

// sample returns a value that a schema allows and that no normalisation changes but for upper and lower case. Two numbers give
// different values, unless the schema has only one.
func sample(s *schema, number int) any {
	n := samples.Add(1)
	switch {
	case s.enum != nil:
		return s.enum[number%len(s.enum)]
	case s.kind == "boolean":
		return number%2 == 0
	case s.kind == "integer", s.kind == "number":
		low := 1.0
		if s.min != nil {
			low = *s.min + 1
		}
		if s.kind == "number" {
			return low + float64(number) + 0.25
		}
		return int64(low) + int64(number)
	}
	switch s.format {
	case "email":
		return fmt.Sprintf("sample%d@example.com", n)
	case "date-time":
		return time.Date(2026, 1, 1, 0, 0, int(n), 123456000, time.UTC).Format("2006-01-02T15:04:05.000000Z")
	case "date":
		return time.Date(2026, 1, 1+int(n), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	candidates := []string{fmt.Sprintf("Sample %d", n), fmt.Sprintf("SAMPLE-%d", n), fmt.Sprintf("https://sample%d.example.com/", n)}
	for _, text := range candidates {
		if s.format == "" && len(text) >= s.minLen && (s.maxLen < 0 || len(text) <= s.maxLen) && s.matches(text) {
			return text
		}
	}
	return (&generator{Rand: rand.New(rand.NewPCG(uint64(n), 0))}).text(s, "")
}

// successOf is the reply to an operation that succeeds at once.
func successOf(op access.Operation) *openapi3.Response {
	for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusNoContent, http.StatusAccepted} {
		if r := op.Spec.Responses.Status(status); r != nil {
			return r.Value
		}
	}
	return &openapi3.Response{}
}

// isTagged reports whether the reply has an entity tag: it is a thing that can be read.
func isTagged(op access.Operation) bool { return successOf(op).Headers["ETag"] != nil }
