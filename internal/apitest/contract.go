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

// contract is an HTTP transport that fails its test when a reply isn't as the document says, and
// notes which replies there were.
type contract struct {
	t      testing.TB
	next   http.RoundTripper
	router routers.Router
}

// Checked returns a transport that sends requests through next and fails the test when a reply
// isn't as the document says.
func Checked(t testing.TB, next http.RoundTripper) http.RoundTripper {
	t.Helper()
	router, err := contractRouter()
	if err != nil {
		t.Fatal(err)
	}
	return &contract{t: t, next: next, router: router}
}

// contractRouter is made once, as it takes a while.
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

// closeReplies makes fields that the document doesn't know an error. Parts of an allOf stay open,
// as each sees the fields of the others, too.
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

// requireDigits makes decimal numbers without all their digits after the point an error, which only
// requests may have.
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
		c.t.Errorf("%s %s: the reply is not as the document says: %v\n%d %s", r.Method, r.URL, err, response.StatusCode, body)
	}
	return response, nil
}

func (c *contract) check(r *http.Request, response *http.Response, body []byte) error {
	if response.Header.Get("X-Request-Id") == "" {
		return fmt.Errorf("it has no X-Request-Id")
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
			return fmt.Errorf("the header %s goes with the predecessor's paths and with nothing else", name)
		}
	}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		if r.Method == http.MethodOptions && response.StatusCode == http.StatusNoContent {
			return nil // browsers ask before they call an operation; that is none itself
		}
		if response.StatusCode != http.StatusNotFound && response.StatusCode != http.StatusMethodNotAllowed {
			return fmt.Errorf("no operation of the document is at this address")
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
			// The validator would parse YAML and CSV, where the document says that they are text.
			ExcludeResponseBody: !isJSON(response.Header.Get("Content-Type")),
		},
	}
	input.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(context.WithoutCancel(r.Context()), input)
}

// checkLimits returns an error unless a reply has all headers of a limit, or none of them; and none
// if it isn't limited.
func checkLimits(route *routers.Route, response *http.Response) error {
	isLimited := response.Header.Get("RateLimit") != ""
	if isLimited && route.Operation.Extensions["x-rate-limit"] == "none" {
		return fmt.Errorf("it has a limit, and the document says that it has none")
	}
	for _, name := range []string{"RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
		if (response.Header.Get(name) != "") != isLimited {
			return fmt.Errorf("the headers RateLimit and %s come together", name)
		}
	}
	return nil
}

func isJSON(contentType string) bool {
	return contentType == "" || contentType == "application/json" || contentType == "application/problem+json"
}

// isDocumentedPage reports whether a reply is a page, and the document has one for its status.
func isDocumentedPage(route *routers.Route, response *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	documented := route.Operation.Responses.Status(response.StatusCode)
	return mediaType == "text/html" && documented != nil && documented.Value.Content[mediaType] != nil
}

func checkProblem(response *http.Response) error {
	if got := response.Header.Get("Content-Type"); got != "application/problem+json" {
		return fmt.Errorf("an error has Content-Type %q", got)
	}
	if (response.StatusCode == http.StatusUnauthorized) != (response.Header.Get("WWW-Authenticate") != "") {
		return fmt.Errorf("a challenge goes with 401 and with nothing else")
	}
	return nil
}
