package apitest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/legacy"
)

// contract is an HTTP transport that fails its test when a reply doesn't match the document. It
// records which replies occurred.
type contract struct {
	t      testing.TB
	next   http.RoundTripper
	router routers.Router
}

// Checked returns a transport that sends requests through next and fails the test when a reply
// doesn't match the document.
func Checked(t testing.TB, next http.RoundTripper) http.RoundTripper {
	t.Helper()
	router, err := contractRouter()
	if err != nil {
		t.Fatal(err)
	}
	return &contract{t: t, next: next, router: router}
}

// contractRouter is built once, because loading the document is slow.
var contractRouter = sync.OnceValues(func() (routers.Router, error) {
	doc, err := document.Load()
	if err != nil {
		return nil, err
	}
	doc.Servers = nil
	closeReplies(doc)
	if err := doc.WalkSchemas(requireDigits); err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// closeReplies rejects fields that the document doesn't know. Parts of an allOf stay open, because
// each part is validated against the fields of the others, too.
func closeReplies(doc *openapi3.T) {
	parts := map[*openapi3.Schema]bool{}
	for _, s := range doc.Components.Schemas {
		for _, part := range s.Value.AllOf {
			parts[part.Value] = true
		}
	}
	for _, s := range doc.Components.Schemas {
		if s.Value.Type.Is("object") && s.Value.AdditionalProperties.Has == nil && s.Value.AdditionalProperties.Schema == nil && !parts[s.Value] {
			s.Value.AdditionalProperties.Has = new(false)
		}
	}
}

// requireDigits requires decimal numbers in replies to have all digits after the point. Only
// requests may leave digits out.
func requireDigits(_ string, ref *openapi3.SchemaRef) error {
	if digits, ok := document.DigitsOf(ref.Value); ok {
		ref.Value.Pattern = digits.ReplyPattern()
	}
	return nil
}

// RoundTrip sends a request and checks the reply.
func (c *contract) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read reply: %w", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	if err := c.check(r, response, body); err != nil {
		c.t.Errorf("%s %s: the reply doesn't match the document: %v\n%d %s", r.Method, r.URL, err, response.StatusCode, body)
	}
	return response, nil
}

func (c *contract) check(r *http.Request, response *http.Response, body []byte) error {
	if response.Header.Get("X-Request-Id") == "" {
		return fmt.Errorf("the reply has no X-Request-Id")
	}
	path, old := legacy.Successor(r.URL.Path)
	if old {
		u := *r.URL
		u.Path, u.RawPath = path, ""
		r = r.Clone(r.Context())
		r.URL = &u
	}
	for _, name := range []string{"Deprecation", "Sunset"} {
		if (response.Header.Get(name) != "") != old {
			return fmt.Errorf("the header %s is required on deprecated paths and forbidden on others", name)
		}
	}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		if r.Method == http.MethodOptions && response.StatusCode == http.StatusNoContent {
			return nil // a CORS preflight request, which the document doesn't describe
		}
		if response.StatusCode != http.StatusNotFound && response.StatusCode != http.StatusMethodNotAllowed {
			return fmt.Errorf("the document has no operation at this path")
		}
		return checkProblem(response)
	}
	replies.note(route.Operation.OperationID, response.StatusCode)
	if err := checkLimits(route, response); err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest && route.Operation.OperationID != "getHealth" && !isDocumentedPage(route, response) {
		if err := checkProblem(response); err != nil {
			return err
		}
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 response.StatusCode,
		Header:                 response.Header,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, SchemaValidationOptions: document.SchemaOptions(),
			// The validator would parse YAML and CSV, which the document declares as plain text.
			ExcludeResponseBody: !isJSON(response.Header.Get("Content-Type")),
		},
	}
	input.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(context.WithoutCancel(r.Context()), input)
}

// checkLimits returns an error if a reply has only some of the rate limit headers, or has any
// although the operation isn't limited.
func checkLimits(route *routers.Route, response *http.Response) error {
	isLimited := response.Header.Get("RateLimit") != ""
	if isLimited && route.Operation.Extensions["x-rate-limit"] == "none" {
		return fmt.Errorf("the reply has rate limit headers, but the operation is documented as unlimited")
	}
	for _, name := range []string{"RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
		if (response.Header.Get(name) != "") != isLimited {
			return fmt.Errorf("a reply must have both headers RateLimit and %s, or neither", name)
		}
	}
	return nil
}

func isJSON(contentType string) bool {
	return contentType == "" || contentType == "application/json" || contentType == "application/problem+json"
}

// isDocumentedPage reports whether a reply is an HTML page that the document has for its status.
func isDocumentedPage(route *routers.Route, response *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	documented := route.Operation.Responses.Status(response.StatusCode)
	return mediaType == "text/html" && documented != nil && documented.Value.Content[mediaType] != nil
}

func checkProblem(response *http.Response) error {
	if got := response.Header.Get("Content-Type"); got != "application/problem+json" {
		return fmt.Errorf("an error has the Content-Type %q, want application/problem+json", got)
	}
	if (response.StatusCode == http.StatusUnauthorized) != (response.Header.Get("WWW-Authenticate") != "") {
		return fmt.Errorf("the header WWW-Authenticate is required with 401 and forbidden with other statuses")
	}
	return nil
}
