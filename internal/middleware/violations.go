package middleware

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/errs"
)

// bodyFields returns one fault for each location of a body that the schema refuses. It doesn't use
// the library's messages, because they contain the value, which may be a password.
func bodyFields(err error) []errs.Field {
	found := map[string]*openapi3.SchemaError{}
	var pointers []string
	walk(err, func(e *openapi3.SchemaError) {
		var pointer strings.Builder
		for _, name := range e.JSONPointer() {
			pointer.WriteString("/" + escapePointer(name))
		}
		at := pointer.String()
		if found[at] == nil {
			pointers = append(pointers, at)
		}
		found[at] = clearer(found[at], e)
	})
	fields := make([]errs.Field, len(pointers))
	for i, at := range pointers {
		fields[i] = describe(found[at])
		fields[i].Pointer = at
	}
	return fields
}

// parameterField returns the fault of a parameter.
func parameterField(p *openapi3.Parameter, err error) errs.Field {
	var found *openapi3.SchemaError
	walk(err, func(e *openapi3.SchemaError) { found = clearer(found, e) })
	field := errs.Field{Detail: "This is not valid.", Code: "type"}
	switch {
	case found != nil:
		field = describe(found)
	case errors.Is(err, openapi3filter.ErrInvalidRequired):
		field = errs.Field{Detail: "This is required.", Code: "required"}
	case errors.Is(err, openapi3filter.ErrInvalidEmptyValue):
		field = errs.Field{Detail: "This must not be empty.", Code: "too_short"}
	case p.Schema != nil:
		field.Detail = typeMessage(p.Schema.Value)
	}
	field.Parameter = p.Name
	return field
}

// rank is the precedence of the rules that a value may break. The fault with the smallest number is
// reported.
var rank = map[string]int{"enum": 1, "minLength": 2, "maxLength": 2, "minimum": 2, "maximum": 2, "pattern": 3, "format": 4}

// clearer returns the more helpful of two errors about the same location. The first may be nil.
func clearer(a, b *openapi3.SchemaError) *openapi3.SchemaError {
	if a == nil || rank[b.SchemaField] < rank[a.SchemaField] {
		return b
	}
	return a
}

// walk visits the leaves of a validation error.
func walk(err error, visit func(*openapi3.SchemaError)) {
	var many openapi3.MultiError
	var one *openapi3.SchemaError
	switch {
	case errors.As(err, &one) && !isMulti(err):
		if one.SchemaField == "allOf" && one.Origin != nil {
			walk(one.Origin, visit)
			return
		}
		visit(one)
	case errors.As(err, &many):
		for _, e := range many {
			walk(e, visit)
		}
	}
}

// isMulti reports whether err's chain has a list of errors before the first single one.
func isMulti(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		switch err.(type) { //nolint:errorlint // this looks at one link of the chain after the other
		case openapi3.MultiError:
			return true
		case *openapi3.SchemaError:
			return false
		}
	}
	return false
}

// messageKey is the schema extension with the message for values that don't match its pattern.
const messageKey = "x-message"

// describe returns the fault with a message for people and a code for programs.
func describe(e *openapi3.SchemaError) errs.Field {
	s := e.Schema
	switch e.SchemaField {
	case "type":
		if number, ok := e.Value.(json.Number); ok && s.Type.Is(openapi3.TypeNumber) {
			return rangeField(s, strings.HasPrefix(string(number), "-")) // out of range of float64
		}
		return errs.Field{Detail: typeMessage(s), Code: "type"}
	case "nullable":
		return errs.Field{Detail: "This must not be null.", Code: "type"}
	case "required":
		return errs.Field{Detail: "This is required.", Code: "required"}
	case "enum":
		return errs.Field{Detail: "Use one of: " + list(s.Enum) + ".", Code: "not_allowed"}
	case "pattern":
		return patternField(s, e.Value)
	case "format":
		if address, ok := e.Value.(string); ok && s.Format == "email" {
			return errs.Field{Detail: email.Fault(address), Code: "format"}
		}
		return errs.Field{Detail: formatMessage(s.Format), Code: "format"}
	case "minLength":
		return errs.Field{Detail: minLengthMessage(s.MinLength), Code: "too_short"}
	case "maxLength":
		return errs.Field{Detail: fmt.Sprintf("Use at most %d characters.", *s.MaxLength), Code: "too_long"}
	case "minimum", "maximum":
		return rangeField(s, e.SchemaField == "minimum")
	default:
		return errs.Field{Detail: "This is not valid.", Code: "not_allowed"}
	}
}

// rangeField returns the fault of a number that is too small or too large.
func rangeField(s *openapi3.Schema, tooSmall bool) errs.Field {
	switch {
	case tooSmall && s.Min != nil:
		return errs.Field{Detail: "Use " + decimal(*s.Min) + " or more.", Code: "minimum"}
	case !tooSmall && s.Max != nil:
		return errs.Field{Detail: "Use " + decimal(*s.Max) + " or less.", Code: "maximum"}
	default:
		return errs.Field{Detail: "This number is out of range.", Code: "type"}
	}
}

// decimal formats a number without an exponent.
func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func typeMessage(s *openapi3.Schema) string {
	switch {
	case s.Type.Is(openapi3.TypeString):
		return "Use a text."
	case s.Type.Is(openapi3.TypeInteger):
		return "Use a whole number."
	case s.Type.Is(openapi3.TypeNumber):
		return "Use a number."
	case s.Type.Is(openapi3.TypeBoolean):
		return "Use true or false."
	case s.Type.Is(openapi3.TypeObject):
		return "Use a JSON object."
	case s.Type.Is(openapi3.TypeArray):
		return "Use a JSON array."
	default:
		return "This has the wrong type."
	}
}

func patternField(s *openapi3.Schema, value any) errs.Field {
	text, _ := value.(string)
	if digits, ok := document.DigitsOf(s); ok {
		detail, code := digits.Fault(text)
		return errs.Field{Detail: detail, Code: code}
	}
	field := errs.Field{Detail: "This is not valid.", Code: "pattern"}
	if message, ok := s.Extensions[messageKey].(string); ok {
		field.Detail = message
	} else if s.Pattern == document.NotBlank {
		field.Detail = "This must not be blank."
	}
	return field
}

func formatMessage(format string) string {
	switch format {
	case "uuid":
		return "Use an id, which is a UUID like 019371a0-5c00-7b11-8c00-0a1b2c3d4e5f."
	case "date":
		return "Use a date like 2026-11-23, from 0001-01-01 to 9999-12-31."
	case "date-time":
		return "Use a time like 2026-11-23T09:30:00Z."
	case "int32", "int64":
		return "This number is out of range."
	default:
		return "This is not valid."
	}
}

func minLengthMessage(length uint64) string {
	if length == 1 {
		return "This must not be empty."
	}
	return fmt.Sprintf("Use at least %d characters.", length)
}

func list(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}

// pointerEscapes are the escapes of a JSON Pointer (RFC 6901, section 3).
var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func escapePointer(name string) string { return pointerEscapes.Replace(name) }
