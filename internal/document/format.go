package document

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/openapi"
)

// textFormats are the formats that strings in the document can have, with the validation of their
// values.
var textFormats = map[string]func(string) error{
	"uuid": func(s string) error {
		if !IsUUID(s) {
			return errors.New("is no UUID")
		}
		return nil
	},
	"email": func(s string) error { // the library's pattern is too permissive: it accepts blanks, for example
		if fault := email.Fault(s); fault != "" {
			return errors.New(fault)
		}
		return nil
	},
	"date-time": func(s string) error { // a pattern would accept the 31st of February
		_, err := openapi.ParseTime(s)
		return err
	},
	"date": func(s string) error {
		_, err := openapi.ParseDate(s)
		return err
	},
	"decimal":  nil, // the schema's pattern validates the value, see Digits
	"password": nil, // any text; the format tells programs not to show it
}

// numberFormats are the formats that numbers can have, by type. The library validates those of
// integers.
var numberFormats = map[string][]string{openapi3.TypeInteger: {"int32", "int64"}, openapi3.TypeNumber: {"double"}}

// KnownFormat reports whether values with this type and format are validated. The document can only
// use such formats.
func KnownFormat(kind, format string) bool {
	if kind == openapi3.TypeString {
		_, known := textFormats[format]
		return known
	}
	return slices.Contains(numberFormats[kind], format)
}

// formats has the validations as the library needs them.
var formats = sync.OnceValue(func() map[string]openapi3.StringFormatValidator {
	list := map[string]openapi3.StringFormatValidator{}
	for name, check := range textFormats {
		if check != nil {
			list[name] = openapi3.NewCallbackValidator(check)
		}
	}
	return list
})

// CheckFormats returns an error for each schema of an operation that has an unknown format, or has
// the format decimal without a pattern of Digits. It names the operation and the place: a
// parameter, or a JSON Pointer (RFC 6901) into a body.
func CheckFormats(doc *openapi3.T) error {
	var faults []error
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			c := formatCheck{operation: method + " " + path, seen: map[*openapi3.Schema]bool{}}
			for _, p := range slices.Concat(item.Parameters, op.Parameters) {
				c.visit("parameter "+p.Value.Name, p.Value.Schema)
			}
			if op.RequestBody != nil {
				c.visitContent("body ", op.RequestBody.Value.Content)
			}
			for status, reply := range op.Responses.Map() {
				c.visitContent("reply "+status+" ", reply.Value.Content)
				for name, header := range reply.Value.Headers {
					c.visit("header "+name, header.Value.Schema)
				}
			}
			faults = append(faults, c.faults...)
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(faults...)
}

type formatCheck struct {
	operation string
	seen      map[*openapi3.Schema]bool // schemas may be recursive
	faults    []error
}

func (c *formatCheck) visitContent(place string, content openapi3.Content) {
	for _, media := range content {
		c.visit(place, media.Schema)
	}
}

func (c *formatCheck) visit(place string, ref *openapi3.SchemaRef) {
	if ref == nil || c.seen[ref.Value] {
		return
	}
	s := ref.Value
	c.seen[s] = true
	c.check(place, s)
	for name, property := range s.Properties {
		c.visit(place+"/"+name, property)
	}
	c.visit(place+"/*", s.Items)
	c.visit(place+"/*", s.AdditionalProperties.Schema)
	c.visit(place, s.Not)
	for _, part := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf) {
		c.visit(place, part)
	}
}

func (c *formatCheck) check(place string, s *openapi3.Schema) {
	if s.Format == "" {
		return
	}
	kind := ""
	if s.Type != nil {
		kind = s.Type.Slice()[0]
	}
	if !KnownFormat(kind, s.Format) {
		c.faults = append(c.faults, fmt.Errorf("%s: %s: unknown format %q of type %q: its values would not be validated", c.operation, place, s.Format, kind))
	}
	if _, ok := DigitsOf(s); s.Format == decimalFormat && !ok {
		c.faults = append(c.faults, fmt.Errorf("%s: %s: the pattern of a decimal must set the numbers of digits, like %s", c.operation, place, DecimalPattern(14, 2)))
	}
}
