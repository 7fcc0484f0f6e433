package middleware

import (
	"bytes"
	"context"
	"errors"
	"io"
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
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/accept"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
)

const jsonType = "application/json"

// validator validates the requests of one operation against the document.
type validator struct {
	op      access.Operation
	route   *routers.Route
	query   map[string]bool // names of the query parameters
	ids     map[string]bool // parameters that may be any UUID
	replies []string        // media types of successful replies
	options *openapi3filter.Options
	// conditional means that the operation evaluates preconditions.
	conditional bool
	body        *openapi3.RequestBody
	schema      *openapi3.Schema                  // of the body
	visit       []openapi3.SchemaValidationOption // options for validating the body
}

// shortMessages stops the library from encoding the value into each message. The messages aren't
// used.
var shortMessages = openapi3.SetSchemaErrorMessageCustomizer(func(e *openapi3.SchemaError) string { return e.SchemaField })

// validate refuses requests that don't match the document, with all their faults.
func (s Stack) validate(op access.Operation) echo.MiddlewareFunc {
	v := &validator{
		op:      op,
		route:   &routers.Route{Spec: s.Document, Path: op.Path, Method: op.Method, Operation: op.Spec},
		query:   map[string]bool{},
		ids:     map[string]bool{},
		replies: replyTypes(op.Spec),
		options: &openapi3filter.Options{
			MultiError: true, SkipSettingDefaults: true, SchemaValidationOptions: append(document.SchemaOptions(), shortMessages),
		},
	}
	for _, p := range op.Parameters {
		if p.In == openapi3.ParameterInQuery {
			v.query[p.Name] = true
		}
		v.ids[p.Name] = isPlainID(p.Schema.Value)
		v.conditional = v.conditional || p.In == openapi3.ParameterInHeader && p.Name == headerIfMatch
	}
	if op.Spec.RequestBody != nil {
		v.body = op.Spec.RequestBody.Value
		v.schema = v.body.Content[jsonType].Schema.Value
		v.visit = append(document.SchemaOptions(), shortMessages, openapi3.VisitAsRequest())
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
	var faults errs.Faults
	v.checkParameters(c, &faults)
	if v.body != nil {
		if err := v.checkBody(c, &faults); err != nil {
			return err
		}
	}
	v.checkUnknown(c.QueryParams(), &faults)
	v.checkPreconditions(r.Header, &faults)
	return faults.Err()
}

// checkPreconditions adds faults for preconditions of an operation whose replies have no entity
// tag. Only tags in If-None-Match of a GET are allowed, because no reply can match them.
func (v *validator) checkPreconditions(h http.Header, faults *errs.Faults) {
	if v.conditional {
		return
	}
	for _, name := range []string{headerIfMatch, headerIfNoneMatch} {
		values := h[name]
		if len(values) == 0 || name == headerIfNoneMatch && v.op.Method == http.MethodGet && !namesAny(values) {
			continue
		}
		faults.Add(errs.Field{Parameter: name, Detail: "This header can't be used here, because the replies have no ETag.", Code: "not_allowed"})
	}
}

// namesAny reports whether If-None-Match has an asterisk, alone or beside tags.
func namesAny(values []string) bool {
	line := strings.Join(values, ",")
	return etag.Preconditions(nil, &line).NamesAny()
}

func (v *validator) checkParameters(c echo.Context, faults *errs.Faults) {
	r, query := c.Request(), c.QueryParams()
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: map[string]string{}, QueryParams: query, Route: v.route, Options: v.options,
	}
	for _, name := range c.ParamNames() {
		value, err := url.PathUnescape(c.Param(name))
		if err != nil {
			faults.Add(errs.Field{Parameter: name, Detail: "Each percent sign must be followed by two hexadecimal digits.", Code: "syntax"})
			continue
		}
		input.PathParams[name] = value
	}
	for _, p := range v.op.Parameters {
		switch p.In {
		case openapi3.ParameterInQuery:
			if !query.Has(p.Name) && !p.Required || refusesQuery(p, query[p.Name], faults) {
				continue
			}
		case openapi3.ParameterInHeader:
			if !p.Required && len(r.Header.Values(p.Name)) == 0 {
				continue
			}
			if len(r.Header.Values(p.Name)) > 1 {
				// Several lines of a header are equivalent to one with commas (RFC 9110, section
				// 5.2).
				r.Header.Set(p.Name, strings.Join(r.Header.Values(p.Name), ", "))
			}
		case openapi3.ParameterInPath:
			value, ok := input.PathParams[p.Name]
			if !ok || v.ids[p.Name] && document.IsUUID(value) {
				continue
			}
		}
		if err := openapi3filter.ValidateParameter(r.Context(), input, p); err != nil {
			faults.Add(parameterField(p, err))
		} else if p.In == openapi3.ParameterInPath && !isText(input.PathParams[p.Name]) {
			faults.Add(noText(p.Name))
		}
	}
}

// refusesQuery adds the fault of a query parameter's text, and reports whether there is one.
func refusesQuery(p *openapi3.Parameter, values []string, faults *errs.Faults) bool {
	switch {
	case len(values) > 1:
		faults.Add(errs.Field{Parameter: p.Name, Detail: "Give this parameter only once.", Code: "duplicate"})
	case len(values) == 1 && !isText(values[0]):
		faults.Add(noText(p.Name))
	case len(values) == 1 && !isLexical(p.Schema.Value, values[0]):
		faults.Add(errs.Field{Parameter: p.Name, Detail: typeMessage(p.Schema.Value), Code: "type"})
	default:
		return false
	}
	return true
}

// checkUnknown adds faults for unknown query parameters.
func (v *validator) checkUnknown(query url.Values, faults *errs.Faults) {
	var unknown []string
	for name := range query {
		if !v.query[name] {
			unknown = append(unknown, name)
		}
	}
	first := smallest(unknown, errs.MaxFields)
	for _, name := range first {
		faults.Add(errs.Field{Parameter: strings.ToValidUTF8(name, "?"), Detail: "There is no such parameter.", Code: "unknown"})
	}
	faults.Omit(len(unknown) - len(first))
}

// isPlainID reports whether a schema allows every UUID.
func isPlainID(schema *openapi3.Schema) bool {
	return schema.Type.Is(openapi3.TypeString) && schema.Format == "uuid" && schema.Pattern == "" && len(schema.Enum) == 0 &&
		schema.MinLength == 0 && schema.MaxLength == nil && len(schema.AllOf)+len(schema.AnyOf)+len(schema.OneOf) == 0 && schema.Not == nil
}

// isText reports whether a parameter is valid UTF-8 without NUL characters.
func isText(value string) bool { return utf8.ValidString(value) && !strings.ContainsRune(value, 0) }

func noText(parameter string) errs.Field {
	return errs.Field{Parameter: parameter, Detail: "Use valid UTF-8 without NUL characters.", Code: "not_allowed"}
}

// integer matches a whole number in JSON, without an exponent.
var integer = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,18})$`)

// isLexical reports whether a parameter's value is written as in JSON. The library also accepts 1
// for true, for example.
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

func (v *validator) checkBody(c echo.Context, faults *errs.Faults) error {
	r := c.Request()
	body, err := readBody(r)
	if err != nil {
		return err
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff")) // RFC 8259, section 8.1
	if len(body) == 0 {
		if v.body.Required {
			return malformed("", "The body is empty; a JSON object is expected.", nil)
		}
		r.Body, r.ContentLength = http.NoBody, 0
		return nil
	}
	if isEncoded(r.Header.Values(echo.HeaderContentEncoding)) {
		c.Response().Header().Set(echo.HeaderAcceptEncoding, "identity") // RFC 9110, section 15.5.16
		return unsupportedMediaType()
	}
	mediaType, params, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil || mediaType != jsonType || !isUTF8(params) {
		return unsupportedMediaType()
	}
	value, err := readJSON(body)
	if err != nil {
		return err
	}
	// Unknown fields are removed first, because the library would return an error for each.
	unknown := takeUnknown(v.schema, value, "")
	value = readNumbers(v.schema, value)
	faults.Join(tidyNames(v.schema, value, ""))
	if err := v.schema.VisitJSON(value, v.visit...); err != nil {
		faults.Add(bodyFields(err)...)
	}
	faults.Join(unknown)
	body = compact(body)
	r.Body, r.ContentLength = validatedBody{Reader: bytes.NewReader(body), value: value}, int64(len(body))
	return nil
}

// isEncoded reports whether Content-Encoding headers name a coding other than identity.
func isEncoded(headers []string) bool {
	for coding := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
			return true
		}
	}
	return false
}

// isUTF8 reports whether the parameters of a media type name UTF-8 or no charset. Many clients
// write "utf8".
func isUTF8(params map[string]string) bool {
	charset, ok := params["charset"]
	return !ok || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

// compact returns a large body without insignificant white space, because a request keeps its body
// while it waits for a place. A compact valid body is small, because the document limits the length
// of texts.
func compact(body []byte) []byte {
	const large = 16 << 10
	if len(body) <= large {
		return body
	}
	short := jsontext.Value(body)
	if err := short.Compact(); err != nil {
		return body
	}
	return slices.Clone(short)
}

func unsupportedMediaType() error {
	return errs.New(errs.UnsupportedMediaType, "The body must be application/json, in UTF-8 and not compressed.")
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

// validatedBody passes the validated value to the generated handlers, so that they don't decode the
// body again with a different result.
type validatedBody struct {
	*bytes.Reader

	value any
}

func (validatedBody) Close() error { return nil }

// ValidatedValue is called by the generated handlers.
func (b validatedBody) ValidatedValue() any { return b.value }

// replyTypes returns the media types of an operation's successful replies; none if they have no
// body.
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

// acceptable reports whether the Accept headers allow one of the types. If there are none, it
// returns true.
func acceptable(headers, types []string) bool {
	return len(types) == 0 || slices.ContainsFunc(types, func(t string) bool { return accept.Quality(headers, t) > 0 })
}
