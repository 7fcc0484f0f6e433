package apitest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
)

// Family is a set of records of one tenant: one of each entity, which refer to each other. So every
// reference in a body can be valid, even where two records have to belong to the same company.
// Records are created with the document's operations, so a new entity needs no change here.
type Family struct {
	Tenant uuid.UUID
	Number int // families 0 and 1 differ in every field, also where a field has only two values

	app          *App
	members      map[string]string
	admin, super *Actor
}

// Family returns an empty family in a tenant.
func (a *App) Family(tenantID uuid.UUID) *Family {
	return &Family{app: a, Tenant: tenantID, members: map[string]string{}}
}

// Fields selects the fields of a body that get a value.
type Fields int

const (
	RequiredFields Fields = iota
	AllFields
)

// Entities returns the entities that a POST to their collection creates, in the order of the
// operations.
func Entities(t testing.TB) []string {
	t.Helper()
	var list []string
	for _, op := range Operations(t) {
		if _, ok := access.Creator(Operations(t), op.Entity); ok && !slices.Contains(list, op.Entity) {
			list = append(list, op.Entity)
		}
	}
	return list
}

// Member returns the id of the family's record of an entity. It creates the record at the first
// call.
func (f *Family) Member(t testing.TB, entity string) string {
	t.Helper()
	if f.members[entity] == "" {
		f.members[entity] = f.Add(t, entity, RequiredFields)
	}
	return f.members[entity]
}

// Add creates another record of an entity and returns its id.
func (f *Family) Add(t testing.TB, entity string, which Fields) string {
	t.Helper()
	op, ok := access.Creator(Operations(t), entity)
	if !ok {
		t.Fatalf("no operation creates a record of entity %s by a POST to its collection", entity)
	}
	location := f.Do(t, op, "", "", f.Body(t, op, which)).Want(t, http.StatusCreated).Header.Get("Location")
	return location[strings.LastIndexByte(location, '/')+1:]
}

// Before maps an operation to the one that brings a record into the state that it requires.
var Before = map[string]string{
	"deleteTenant": "suspendTenant",
	"resumeTenant": "suspendTenant",
	"activateUser": "deactivateUser",
}

// Prepare creates a record in the state that an operation requires, and returns its id.
func (f *Family) Prepare(t testing.TB, op access.Operation) string {
	t.Helper()
	id := f.Add(t, op.Entity, AllFields)
	if first := Before[op.ID]; first != "" {
		f.Do(t, Operation(t, first), id, "", nil).Want(t, http.StatusOK)
	}
	return id
}

// Do sends a request for an operation as a user with the required role. query is empty or begins
// with a question mark.
func (f *Family) Do(t testing.TB, op access.Operation, id, query string, body any, options ...Option) Reply {
	t.Helper()
	text := ""
	if body != nil {
		text = JSON(t, body)
	}
	return f.by(t, op).Do(t, op.Method, op.Address(id)+query, text, options...)
}

func (f *Family) by(t testing.TB, op access.Operation) *Actor {
	t.Helper()
	if op.RequiredRole == access.Superuser {
		if f.super == nil {
			f.super = f.app.Superuser(t)
		}
		return f.super
	}
	if f.admin == nil {
		f.admin = f.app.ActorIn(t, f.Tenant, access.Admin)
	}
	return f.admin
}

// Body returns a body for an operation, or nil if it takes none.
func (f *Family) Body(t testing.TB, op access.Operation, which Fields) any {
	t.Helper()
	if op.Spec.RequestBody == nil {
		return nil
	}
	return f.Sample(t, BodyOf(op), which)
}

// BodyOf returns the schema of an operation's body.
func BodyOf(op access.Operation) *openapi3.Schema {
	return op.Spec.RequestBody.Value.Content["application/json"].Schema.Value
}

// Sample returns a value of a schema, in the types of encoding/json.
func (f *Family) Sample(t testing.TB, s *openapi3.Schema, which Fields) any {
	t.Helper()
	if entity, ok := s.Extensions["x-entity"].(string); ok {
		return f.Member(t, entity)
	}
	properties := Properties(s)
	if len(properties) == 0 {
		return sample(t, s, f.Number)
	}
	object := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if which == AllFields || requires(s, name) {
			object[name] = f.Sample(t, properties[name], which)
		}
	}
	return object
}

// Properties returns the fields of a schema, including those of the parts of an allOf.
func Properties(s *openapi3.Schema) map[string]*openapi3.Schema {
	all := map[string]*openapi3.Schema{}
	for name, property := range s.Properties {
		all[name] = property.Value
	}
	for _, part := range s.AllOf {
		maps.Copy(all, Properties(part.Value))
	}
	return all
}

func requires(s *openapi3.Schema, name string) bool {
	return slices.Contains(s.Required, name) || slices.ContainsFunc(s.AllOf, func(part *openapi3.SchemaRef) bool { return requires(part.Value, name) })
}
