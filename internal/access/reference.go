package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// AnyEntity is the x-entity of an id that can identify any type.
const AnyEntity = "any"

// NoEntity is the x-entity of a path parameter that isn't an id: it names a part of the program,
// which belongs to no tenant.
const NoEntity = "none"

// Reference is a parameter or body field, other than the path, that holds an id.
type Reference struct {
	Parameter string // query parameter; empty for a field of the body
	Pointer   string // JSON Pointer into the body (RFC 6901); * stands for each item of an array
	Entity    string // x-entity: company, user, ...
}

// Place returns the parameter or the pointer.
func (r Reference) Place() string { return r.Parameter + r.Pointer }

// readReferences reads the entity type of each id in a request. An id without one is an error,
// because its tenant could not be checked.
func (o *Operation) readReferences(item *openapi3.PathItem) error {
	var faults []error
	for _, p := range o.Parameters {
		switch {
		case p.In == openapi3.ParameterInPath:
			// All paths share the parameter; its type depends on the path.
			entity, err := entityOf(item.Extensions)
			if err != nil {
				faults = append(faults, err)
			}
			if entity != NoEntity {
				o.Entity = entity
			}
		case p.Schema.Value.Format == "uuid" && p.Name != tenantParameter:
			entity, err := entityOf(p.Extensions)
			if err != nil {
				faults = append(faults, fmt.Errorf("parameter %s: %w", p.Name, err))
			}
			o.References = append(o.References, Reference{Parameter: p.Name, Entity: entity})
		}
	}
	if o.Spec.RequestBody != nil {
		for _, content := range o.Spec.RequestBody.Value.Content {
			faults = append(faults, o.readBody("", content.Schema.Value))
		}
	}
	return errors.Join(faults...)
}

func (o *Operation) readBody(pointer string, schema *openapi3.Schema) error {
	var faults []error
	if schema.Format == "uuid" {
		entity, err := entityOf(schema.Extensions)
		if err != nil {
			return fmt.Errorf("field %s: %w", pointer, err)
		}
		o.References = append(o.References, Reference{Pointer: pointer, Entity: entity})
	}
	for _, part := range schema.AllOf {
		faults = append(faults, o.readBody(pointer, part.Value))
	}
	if schema.Items != nil {
		faults = append(faults, o.readBody(pointer+"/*", schema.Items.Value))
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		faults = append(faults, o.readBody(pointer+"/"+name, schema.Properties[name].Value))
	}
	return errors.Join(faults...)
}

func entityOf(extensions map[string]any) (string, error) {
	value, ok := extensions["x-entity"]
	if !ok {
		return "", errors.New("x-entity is missing: it says what the id is the id of")
	}
	entity, _ := value.(string)
	if entity == "" {
		return "", errors.New("x-entity must be a name, and not " + strconv.Quote(fmt.Sprint(value)))
	}
	return entity, nil
}
