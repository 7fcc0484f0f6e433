package middleware

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/accept"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/errs"
)

const jsonType = "application/json"

// validator checks the requests of one operation against the document.
type validator struct {
	op      access.Operation
	route   *routers.Route
	query   map[string]*openapi3.Schema // the parameters that it knows
	ids     map[string]bool             // the parameters of which nothing more is said than that they are a UUID
	replies []string                    // the media types that it can answer with
	options *openapi3filter.Options
	body    *openapi3.RequestBody
	schema  *openapi3.Schema                  // of the body
	visit   []openapi3.SchemaValidationOption // how the body is checked against it
}

// validate refuses requests that don't match the document, with everything that is wrong with them.
func (s Stack) validate(op access.Operation) echo.MiddlewareFunc {
	v := &validator{
		op:      op,
		route:   &routers.Route{Spec: s.Document, Path: op.Path, Method: op.Method, Operation: op.Spec},
		query:   map[string]*openapi3.Schema{},
		ids:     map[string]bool{},
		replies: replyTypes(op.Spec),
		options: &openapi3filter.Options{
			MultiError: true, SkipSettingDefaults: true, SchemaValidationOptions: document.SchemaOptions(),
		},
	}
	for _, p := range op.Parameters {
		if p.In == openapi3.ParameterInQuery {
			v.query[p.Name] = p.Schema.Value
		}
		v.ids[p.Name] = isPlainID(p.Schema.Value)
	}
	if op.Spec.RequestBody != nil {
		v.body = op.Spec.RequestBody.Value
		v.schema = v.body.Content[jsonType].Schema.Value
		v.visit = append(document.SchemaOptions(), openapi3.VisitAsRequest())
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := v.check(c); err != nil {
				return err
			}
			return next(c)
		}
	}
}

func (v *validator) check(c echo.Context) error {
	r := c.Request()
	if !acceptable(r.Header.Values(echo.HeaderAccept), v.replies) {
		return errs.Newf(errs.NotAcceptable, "This operation answers with %s.", strings.Join(v.replies, " or "))
	}
	fields := v.checkParameters(c)
	if v.body != nil {
		fromBody, err := v.checkBody(r)
		if err != nil {
			return err
		}
		fields = append(fields, fromBody...)
	}
	if len(fields) > 0 {
		return errs.Invalid(fields...)
	}
	return nil
}

func (v *validator) checkParameters(c echo.Context) []errs.Field {
	r := c.Request()
	if strings.ContainsAny(r.URL.RawQuery, "%;") { // nothing else can be wrong with it
		if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
			return []errs.Field{{Parameter: "query", Detail: "the part of the address after the question mark is not well-formed", Code: "syntax"}}
		}
	}
	query := c.QueryParams()
	var fields []errs.Field
	refused := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values, before := query[name], len(fields)
		switch {
		case v.query[name] == nil:
			fields = append(fields, errs.Field{Parameter: strings.ToValidUTF8(name, "?"), Detail: "there is no such parameter", Code: "unknown"})
		case len(values) > 1:
			fields = append(fields, errs.Field{Parameter: name, Detail: "stands there more than once", Code: "duplicate"})
		case !isText(values[0]):
			fields = append(fields, noText(name))
		case !isLexical(v.query[name], values[0]):
			fields = append(fields, errs.Field{Parameter: name, Detail: "must be " + withArticle(v.query[name].Type.Slice()), Code: "type"})
		}
		refused[name] = len(fields) > before
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: map[string]string{}, QueryParams: query, Route: v.route, Options: v.options,
	}
	for _, name := range c.ParamNames() {
		// Echo leaves them escaped when the address has characters that are escaped without need.
		value, err := url.PathUnescape(c.Param(name))
		if err != nil {
			value = c.Param(name)
		}
		input.PathParams[name] = value
	}
	for _, p := range v.op.Parameters {
		if p.In == openapi3.ParameterInQuery && (refused[p.Name] || !p.Required && !query.Has(p.Name)) {
			continue
		}
		if p.In == openapi3.ParameterInHeader && !p.Required && len(r.Header.Values(p.Name)) == 0 {
			continue
		}
		if p.In == openapi3.ParameterInHeader && len(r.Header.Values(p.Name)) > 1 {
			// Several lines of a header mean the same as one with commas (RFC 9110, section 5.2).
			r.Header.Set(p.Name, strings.Join(r.Header.Values(p.Name), ", "))
		}
		if v.ids[p.Name] && p.In == openapi3.ParameterInPath && isID(input.PathParams[p.Name]) {
			continue
		}
		if err := openapi3filter.ValidateParameter(r.Context(), input, p); err != nil {
			fields = append(fields, parameterFields(p, err)...)
		} else if p.In == openapi3.ParameterInPath && !isText(input.PathParams[p.Name]) {
			fields = append(fields, noText(p.Name))
		}
	}
	return fields
}

// isPlainID reports whether a schema allows every UUID.
func isPlainID(schema *openapi3.Schema) bool {
	return schema.Type.Is(openapi3.TypeString) && schema.Format == "uuid" && schema.Pattern == "" && len(schema.Enum) == 0 &&
		schema.MinLength == 0 && schema.MaxLength == nil && len(schema.AllOf)+len(schema.AnyOf)+len(schema.OneOf) == 0 && schema.Not == nil
}

// isID knows the UUIDs that we make (RFC 9562, version 7) without the library, which takes a hundred times as long. What it doesn't
// know may be a UUID all the same.
func isID(s string) bool {
	if len(s) != 36 || s[14] != '7' || s[19] != '8' && s[19] != '9' && s[19] != 'a' && s[19] != 'b' {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		switch c := s[i]; {
		case dash && c == '-', !dash && '0' <= c && c <= '9', !dash && 'a' <= c && c <= 'f':
		default:
			return false
		}
	}
	return true
}

// isText reports whether a parameter has nothing that every text is refused for.
func isText(value string) bool { return utf8.ValidString(value) && !strings.ContainsRune(value, 0) }

func noText(parameter string) errs.Field {
	return errs.Field{Parameter: parameter, Detail: "must be valid UTF-8 without NUL characters", Code: "not_allowed"}
}

// JSON's way to write a whole number.
var integer = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,18})$`)

// isLexical reports whether a parameter's value is written as JSON would have it. The library also takes 1 for true, and the
// like.
func isLexical(schema *openapi3.Schema, value string) bool {
	switch {
	case schema.Type.Is(openapi3.TypeBoolean):
		return value == "true" || value == "false"
	case schema.Type.Is(openapi3.TypeInteger):
		return integer.MatchString(value)
	default:
		return true
	}
}

func (v *validator) checkBody(r *http.Request) ([]errs.Field, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		if v.body.Required {
			return nil, malformed("", "The body is empty; a JSON object is expected.", nil)
		}
		r.Body, r.ContentLength = http.NoBody, 0
		return nil, nil
	}
	mediaType, params, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	charset, hasCharset := params["charset"]
	if err != nil || mediaType != jsonType || hasCharset && !strings.EqualFold(charset, "utf-8") || r.Header.Get(echo.HeaderContentEncoding) != "" {
		return nil, errs.New(errs.UnsupportedMediaType, "The body must be application/json, in UTF-8 and not compressed.")
	}
	value, err := readJSON(body)
	if err != nil {
		return nil, err
	}
	if err := v.schema.VisitJSON(value, v.visit...); err != nil {
		return bodyFields(err), nil
	}
	r.Body, r.ContentLength = validatedBody{Reader: bytes.NewReader(body), value: value}, int64(len(body))
	return nil, nil
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errs.Newf(errs.BodyTooLarge, "The body may have at most %d bytes.", MaxBody)
	case errors.Is(err, context.Canceled):
		return nil, err
	case err != nil:
		return nil, errs.New(errs.MalformedRequest, "The body could not be read to its end.").Because(err)
	}
	return body, nil
}

// validatedBody hands the generated handlers the very value that was validated, so that they don't decode the body again
// and find something else.
type validatedBody struct {
	*bytes.Reader

	value any
}

func (validatedBody) Close() error { return nil }

// ValidatedValue is what the generated handlers look for.
func (b validatedBody) ValidatedValue() any { return b.value }

// replyTypes are the media types of an operation's successful replies; none if they have no body.
func replyTypes(op *openapi3.Operation) []string {
	var types []string
	for status, response := range op.Responses.Map() {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		for mediaType := range response.Value.Content {
			types = append(types, mediaType)
		}
	}
	return types
}

// acceptable reports whether the Accept headers allow one of the types. Without a type to send everything is fine.
func acceptable(headers, types []string) bool {
	return len(types) == 0 || slices.ContainsFunc(types, func(t string) bool { return accept.Quality(headers, t) > 0 })
}
