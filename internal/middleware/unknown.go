package middleware

import (
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/errs"
)

// takeUnknown removes fields that the schema doesn't allow from a body, at all depths, and returns
// them as faults. pointer is the location of value in the body.
func takeUnknown(schema *openapi3.Schema, value any, pointer string) errs.Faults {
	var faults errs.Faults
	object, ok := value.(map[string]any)
	if !ok {
		return faults
	}
	var unknown []string
	closed := isClosed(schema)
	for name, child := range object {
		known := property(schema, name)
		if known == nil && closed {
			unknown = append(unknown, name)
		}
		if nested, ok := child.(map[string]any); ok && known != nil {
			faults.Join(takeUnknown(known, nested, pointer+"/"+escapePointer(name)))
		}
	}
	first := smallest(unknown, errs.MaxFields)
	for _, name := range first {
		faults.Add(errs.Field{Pointer: pointer + "/" + escapePointer(name), Detail: "There is no such field.", Code: "unknown"})
	}
	faults.Omit(len(unknown) - len(first))
	for _, name := range unknown {
		delete(object, name)
	}
	return faults
}

// property returns the schema of an object's field, also from the parts of an allOf; nil if it is
// unknown.
func property(schema *openapi3.Schema, name string) *openapi3.Schema {
	if known := schema.Properties[name]; known != nil {
		return known.Value
	}
	for _, part := range schema.AllOf {
		if known := property(part.Value, name); known != nil {
			return known
		}
	}
	return nil
}

// isClosed reports whether an object may have only the fields in its schema.
func isClosed(schema *openapi3.Schema) bool {
	if has := schema.AdditionalProperties.Has; has != nil && !*has {
		return true
	}
	return slices.ContainsFunc(schema.AllOf, func(part *openapi3.SchemaRef) bool { return isClosed(part.Value) })
}

// smallest returns the n smallest names, sorted. The time is proportional to the number of names.
func smallest(names []string, n int) []string {
	first := make([]string, 0, min(n+1, len(names)))
	for _, name := range names {
		if len(first) == n && name >= first[n-1] {
			continue
		}
		place, _ := slices.BinarySearch(first, name)
		first = slices.Insert(first, place, name)
		first = first[:min(n, len(first))]
	}
	return first
}
