package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/document"
)

const jsonType = "application/json"

// body returns a request's body: the document's example, with ids that exist in the tenant, unique
// texts, and the secrets of the person whom it is about. It is nil if the operation takes none.
func (m *Matrix) body(ctx context.Context, op access.Operation, t *Tenant, about *Person, replace map[string]uuid.UUID) ([]byte, error) {
	if op.Spec.RequestBody == nil {
		return nil, nil
	}
	media := op.Spec.RequestBody.Value.Content[jsonType]
	if media == nil || media.Example == nil {
		return nil, fmt.Errorf("the document has no example of its body")
	}
	w := writer{Matrix: m, op: op, tenant: t, about: about}
	value, err := w.value(ctx, "", "", media.Schema.Value, media.Example)
	if err != nil {
		return nil, err
	}
	for pointer, id := range replace {
		value = place(value, strings.Split(pointer, "/")[1:], id.String())
	}
	if err := media.Schema.Value.VisitJSON(value, document.SchemaOptions()...); err != nil {
		return nil, fmt.Errorf("the generated body is not valid: %w", err)
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode body: %w", err)
	}
	return encoded, nil
}

// writer fills an example.
type writer struct {
	*Matrix

	op     access.Operation
	tenant *Tenant
	about  *Person
}

func (w writer) value(ctx context.Context, pointer, name string, schema *openapi3.Schema, example any) (any, error) {
	switch example := example.(type) {
	case map[string]any:
		filled := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(example)) {
			field := property(schema, key)
			if field == nil {
				return nil, fmt.Errorf("its example has a field %s/%s that its schema lacks", pointer, key)
			}
			v, err := w.value(ctx, pointer+"/"+key, key, field, example[key])
			if err != nil {
				return nil, err
			}
			filled[key] = v
		}
		return filled, nil
	case string:
		return w.text(ctx, pointer, name, schema, example)
	default:
		return example, nil
	}
}

// text returns the replacement for a text of an example.
func (w writer) text(ctx context.Context, pointer, name string, schema *openapi3.Schema, example string) (any, error) {
	for _, r := range w.op.References {
		if r.Pointer == pointer {
			base, err := w.base(ctx, w.tenant, r.Entity)
			return base.id.String(), err
		}
	}
	if w.about != nil {
		isLogin := property(w.op.Spec.RequestBody.Value.Content[jsonType].Schema.Value, "password") != nil
		switch {
		case name == "refresh_token":
			return w.about.refreshToken, nil
		case name == "token":
			return w.about.oneTimeToken, nil
		case name == "current_password", name == "password":
			return w.about.Password, nil
		case name == "email" && isLogin:
			return w.about.Email, nil
		}
	}
	if schema.Enum != nil || schema.Format != "" && schema.Format != "email" {
		return example, nil
	}
	return w.marked(schema, example), nil
}

// marked returns the example with the tenant's marker and a unique number, or only those if there
// is no room for both. If nothing fits the schema, it returns the example.
func (w writer) marked(schema *openapi3.Schema, example string) string {
	mark := w.mark(w.tenant)
	candidates := []string{example + "-" + mark, mark}
	if local, domain, isEmail := strings.Cut(example, "@"); isEmail {
		candidates = []string{local + "-" + mark + "@" + domain}
	}
	for _, c := range candidates {
		if schema.VisitJSON(c, document.SchemaOptions()...) == nil {
			return c
		}
	}
	return example
}

// property returns the schema of a field, also from the parts of an allOf.
func property(schema *openapi3.Schema, name string) *openapi3.Schema {
	if p := schema.Properties[name]; p != nil {
		return p.Value
	}
	for _, part := range schema.AllOf {
		if p := property(part.Value, name); p != nil {
			return p
		}
	}
	return nil
}

// place puts a value at a JSON Pointer; * stands for the only item of a list.
func place(in any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	if path[0] == "*" {
		return []any{place(nil, path[1:], value)}
	}
	object, _ := in.(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	object[path[0]] = place(object[path[0]], path[1:], value)
	return object
}
