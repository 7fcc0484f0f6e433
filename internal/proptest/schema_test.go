package proptest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// schema is a schema of the document with the parts of its allOf merged.
type schema struct {
	kind             string // string, integer, number, boolean, object or array
	nullable, closed bool   // closed: no other fields are allowed
	format, entity   string
	isName           bool // x-name: one line without invisible characters
	enum             []any
	patterns         []string
	minLen, maxLen   int // of a string or an array; -1 is no limit
	min, max         *float64
	fields           map[string]*schema
	required         []string
	items            *schema
}

// read parses a schema. An unknown keyword is an error, so that none is ignored.
func read(s *openapi3.Schema) (*schema, error) {
	if len(s.OneOf)+len(s.AnyOf) > 0 || s.Not != nil || s.MultipleOf != nil || s.UniqueItems || s.MinProps > 0 || s.MaxProps != nil ||
		s.ExclusiveMin.IsSet() || s.ExclusiveMax.IsSet() || s.AdditionalProperties.Schema != nil {
		return nil, fmt.Errorf("the tester doesn't know a keyword of this schema: %+v", s)
	}
	r := &schema{nullable: s.Nullable, format: s.Format, enum: s.Enum, minLen: -1, maxLen: -1, min: s.Min, max: s.Max, fields: map[string]*schema{}}
	if s.Type != nil {
		r.kind = s.Type.Slice()[0]
	}
	r.entity, _ = s.Extensions["x-entity"].(string)
	r.isName, _ = s.Extensions["x-name"].(bool)
	r.closed = s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has
	if s.Pattern != "" {
		r.patterns = []string{s.Pattern}
	}
	r.minLen, r.maxLen = lengths(s)
	r.required = slices.Clone(s.Required)
	for name, property := range s.Properties {
		field, err := read(property.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.fields[name] = field
	}
	if s.Items != nil {
		var err error
		if r.items, err = read(s.Items.Value); err != nil {
			return nil, err
		}
	}
	for _, part := range s.AllOf {
		p, err := read(part.Value)
		if err != nil {
			return nil, err
		}
		r.add(p)
	}
	return r, nil
}

func lengths(s *openapi3.Schema) (shortest, longest int) {
	shortest, longest = int(s.MinLength), -1
	if s.MaxLength != nil {
		longest = int(*s.MaxLength)
	}
	if s.Type.Is(openapi3.TypeArray) {
		shortest, longest = int(s.MinItems), -1
		if s.MaxItems != nil {
			longest = int(*s.MaxItems)
		}
	}
	return shortest, longest
}

// add merges a part of an allOf into the schema.
func (s *schema) add(p *schema) {
	if s.kind == "" {
		s.kind = p.kind
	}
	if s.format == "" {
		s.format = p.format
	}
	s.isName = s.isName || p.isName
	if s.entity == "" {
		s.entity = p.entity
	}
	if s.enum == nil {
		s.enum = p.enum
	}
	s.patterns = append(s.patterns, p.patterns...)
	s.minLen = max(s.minLen, p.minLen)
	if s.maxLen < 0 || p.maxLen >= 0 && p.maxLen < s.maxLen {
		s.maxLen = p.maxLen
	}
	if s.min == nil {
		s.min = p.min
	}
	if s.max == nil {
		s.max = p.max
	}
	s.closed = s.closed || p.closed
	s.required = append(s.required, p.required...)
	maps.Copy(s.fields, p.fields)
	if s.items == nil {
		s.items = p.items
	}
}

// names returns the names of an object's fields, sorted.
func (s *schema) names() []string { return slices.Sorted(maps.Keys(s.fields)) }

func (s *schema) requires(name string) bool { return slices.Contains(s.required, name) }

// matches reports whether a text fits the patterns. Patterns are those of ECMA 262, whose \S
// excludes Unicode blanks.
func (s *schema) matches(text string) bool {
	for _, p := range s.patterns {
		if !regexp.MustCompile(strings.ReplaceAll(p, `\S`, `[^\s\v\p{Z}\x{feff}]`)).MatchString(text) {
			return false
		}
	}
	return true
}

// place is a part of a body.
type place struct {
	pointer string // a JSON Pointer (RFC 6901)
	schema  *schema
}

// places returns the body itself and all its fields.
func places(pointer string, s *schema) []place {
	list := []place{{pointer, s}}
	for _, name := range s.names() {
		list = append(list, places(pointer+"/"+name, s.fields[name])...)
	}
	return list
}
