package middleware

import (
	"errors"
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/tenantry/tenantry/internal/errs"
)

// bodyFields lists the places of a body that the schema refuses. The words are ours: the library's show the value,
// which may be a password.
func bodyFields(err error) []errs.Field {
	var fields []errs.Field
	found := map[errs.Field]bool{}
	walk(err, func(e *openapi3.SchemaError) {
		field := describe(e)
		for _, name := range e.JSONPointer() {
			field.Pointer += "/" + escapePointer(name)
		}
		if !found[field] { // the parts of an allOf may find the same
			fields = append(fields, field)
		}
		found[field] = true
	})
	return fields
}

// parameterFields lists what is wrong with one parameter.
func parameterFields(p *openapi3.Parameter, err error) []errs.Field {
	var fields []errs.Field
	walk(err, func(e *openapi3.SchemaError) {
		field := describe(e)
		field.Parameter = p.Name
		fields = append(fields, field)
	})
	if len(fields) > 0 {
		return fields
	}
	field := errs.Field{Parameter: p.Name, Detail: "is not valid", Code: "type"}
	switch {
	case errors.Is(err, openapi3filter.ErrInvalidRequired):
		field.Detail, field.Code = "is missing", "required"
	case errors.Is(err, openapi3filter.ErrInvalidEmptyValue):
		field.Detail, field.Code = "must not be empty", "too_short"
	case p.Schema != nil && p.Schema.Value.Type != nil:
		field.Detail = "must be " + withArticle(p.Schema.Value.Type.Slice())
	}
	return []errs.Field{field}
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

// isMulti reports whether a list of errors comes before the first single one in err's chain.
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

// describe says what a value must be, and which rule it breaks.
func describe(e *openapi3.SchemaError) errs.Field {
	s := e.Schema
	switch e.SchemaField {
	case "type":
		if s.Type == nil {
			return errs.Field{Detail: "has the wrong type", Code: "type"}
		}
		return errs.Field{Detail: "must be " + withArticle(s.Type.Slice()), Code: "type"}
	case "nullable":
		return errs.Field{Detail: "must not be null", Code: "type"}
	case "required":
		return errs.Field{Detail: "is missing", Code: "required"}
	case "enum":
		return errs.Field{Detail: "must be one of " + list(s.Enum), Code: "not_allowed"}
	case "pattern":
		if s.Pattern == `\S` {
			return errs.Field{Detail: "must not be blank", Code: "pattern"}
		}
		return errs.Field{Detail: "must match " + s.Pattern, Code: "pattern"}
	case "format":
		return errs.Field{Detail: "must be " + formatName(s.Format), Code: "format"}
	case "minLength":
		if s.MinLength == 1 {
			return errs.Field{Detail: "must not be empty", Code: "too_short"}
		}
		return errs.Field{Detail: fmt.Sprintf("must have at least %d characters", s.MinLength), Code: "too_short"}
	case "maxLength":
		return errs.Field{Detail: fmt.Sprintf("must have at most %d characters", *s.MaxLength), Code: "too_long"}
	case "minimum":
		return errs.Field{Detail: fmt.Sprintf("must be at least %g", *s.Min), Code: "minimum"}
	case "maximum":
		return errs.Field{Detail: fmt.Sprintf("must be at most %g", *s.Max), Code: "maximum"}
	default:
		return errs.Field{Detail: "is not valid", Code: "not_allowed"}
	}
}

func formatName(format string) string {
	switch format {
	case "uuid":
		return "a UUID"
	case "email":
		return "an e-mail address"
	case "date-time":
		return "a time like 2026-11-23T09:30:00Z"
	default:
		return "of the format " + format
	}
}

func withArticle(types []string) string {
	name := strings.Join(types, " or ")
	if name != "" && strings.ContainsRune("aeiou", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

func list(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}

// pointerEscapes are those of a JSON Pointer (RFC 6901, section 3).
var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func escapePointer(name string) string { return pointerEscapes.Replace(name) }
