package middleware

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/problem"
)

const twoOperations = `
openapi: 3.0.3
info: {title: Test, version: '1'}
security: [{bearerAuth: []}]
components:
  securitySchemes: {bearerAuth: {type: http, scheme: bearer}}
paths:
  /open:
    get:
      operationId: getOpen
      security: []
      x-required-role: anon
      x-audit-action: none
      x-rate-limit: default
      parameters: [{name: tenant_id, in: query, schema: {type: string, format: uuid}}]
      responses: {'200': {description: ok}}
  /things/{id}:
    x-entity: thing
    put:
      operationId: putThing
      x-required-role: admin
      x-audit-action: thing.update
      x-rate-limit: default
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: tenant_id, in: query, schema: {type: string, format: uuid}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [name], additionalProperties: false, properties: {name: {type: string, minLength: 1}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}
`

var (
	home  = uuid.MustParse("019371a0-5c00-7000-8000-000000000001")
	other = uuid.MustParse("019371a0-5c00-7000-8000-000000000002")
)

// people implements Authenticator and Tenants: a token is the name of a role, and there is one
// other tenant.
type people struct {
	authenticated, entered, denied int
	err                            error // returned by every authentication
	demoted                        bool  // users are viewers now, which only Confirm finds
}

func (p *people) Authenticate(_ context.Context, token string) (access.Principal, error) {
	p.authenticated++
	if p.err != nil {
		return access.Principal{}, p.err
	}
	role, err := access.ParseRole(token)
	if err != nil {
		return access.Principal{}, errs.New(errs.InvalidToken, "Not a token.")
	}
	return access.Principal{UserID: home, HomeTenantID: home, TenantID: home, Role: role, UserRole: role}, nil
}

func (p *people) Confirm(ctx context.Context, _ db.Querier, by access.Principal) (access.Principal, error) {
	if p.demoted {
		return p.Authenticate(ctx, string(access.Viewer))
	}
	return p.Authenticate(ctx, string(by.Role))
}

func (p *people) CanEnter(ctx context.Context, _ db.Querier, tenantID uuid.UUID) error {
	if tenantID != other {
		return errs.New(errs.NotFound, "words that tell nothing")
	}
	return nil
}

func (p *people) Enter(_ context.Context, by access.Principal, tenantID uuid.UUID) (access.Principal, error) {
	p.entered++
	if tenantID != other {
		return access.Principal{}, errs.New(errs.NotFound, "words that tell nothing")
	}
	by.TenantID = tenantID
	return by, nil
}

func (p *people) Denied(ctx context.Context, _ access.Principal, _ uuid.UUID) error {
	if err := access.StillAllowedIn(ctx, nil); err != nil { // like a transaction
		return err
	}
	p.denied++
	return nil
}

// server is the stack with one handler for all operations.
type server struct {
	*echo.Echo

	people *people
	log    *bytes.Buffer
}

func serve(t testing.TB, handler echo.HandlerFunc, changes ...func(*Stack)) server {
	t.Helper()
	return serveDocument(t, twoOperations, handler, changes...)
}

func serveDocument(t testing.TB, document string, handler echo.HandlerFunc, changes ...func(*Stack)) server {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	operations, err := access.Operations(doc)
	if err != nil {
		t.Fatal(err)
	}
	s := server{Echo: echo.New(), people: &people{}, log: &bytes.Buffer{}}
	s.HTTPErrorHandler = problem.Handle
	s.IPExtractor = echo.ExtractIPDirect()
	stack := Stack{
		Metrics: NewMetrics(),
		Log:     slog.New(slog.NewJSONHandler(s.log, nil)), Now: time.Now, NewID: uuid.New, RequestTimeout: time.Minute,
		Document: doc, Operations: operations, Authenticator: s.people, Tenants: s.people, Denials: s.people,
	}
	for _, change := range changes {
		change(&stack)
	}
	perOperation := stack.Install(s.Echo)
	for _, op := range operations {
		s.Add(op.Method, strings.NewReplacer("{", ":", "}", "").Replace(op.Path), handler, perOperation[op.ID]...)
	}
	return s
}

func ok(c echo.Context) error { return c.JSON(http.StatusOK, map[string]string{}) }

// do sends a request with headers in the form "Name: value".
func (s server) do(ctx context.Context, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// lines returns the logged lines.
func (s server) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(s.log.String()) {
		var attrs map[string]any
		if err := json.Unmarshal([]byte(line), &attrs); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		lines = append(lines, attrs)
	}
	return lines
}

func readProblem(t *testing.T, w *httptest.ResponseRecorder) api.Problem {
	t.Helper()
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != problem.ContentType {
		t.Fatalf("reply with status %d isn't a problem (%v): %s", w.Code, err, w.Body)
	}
	return p
}

// TestFirstFailingStageReplies sends a request with every kind of fault, and repairs one after the
// other.
func TestFirstFailingStageReplies(t *testing.T) {
	t.Parallel()
	const (
		good  = `{"name":"x"}`
		path  = "/things/x?nonsense=1"
		there = "&tenant_id=019371a0-5c00-7000-8000-000000000002"
		gone  = "&tenant_id=019371a0-5c00-7000-8000-000000000003"
	)
	tooLarge := `{"name":"` + strings.Repeat("x", MaxBody) + `"`
	for _, test := range []struct {
		name, target, token, accept, contentType, body string
		status                                         int
		code                                           errs.Code
	}{
		{"no such path", "/nope" + gone, "", "text/html", "text/plain", tooLarge, 404, errs.NotFound},
		{"a slash in the last parameter", "/things/x/y?nonsense=1" + gone, "", "text/html", "text/plain", tooLarge, 404, errs.NotFound},
		{"no token", path + gone, "", "text/html", "text/plain", tooLarge, 401, errs.Unauthenticated},
		{"no valid token", path + gone, "Bearer nonsense", "text/html", "text/plain", tooLarge, 401, errs.InvalidToken},
		{"another tenant", path + there, "Bearer viewer", "text/html", "text/plain", tooLarge, 404, errs.NotFound},
		{"no such tenant", path + gone, "Bearer superuser", "text/html", "text/plain", tooLarge, 404, errs.NotFound},
		{"no query that can be read", path + "&%zz", "Bearer viewer", "text/html", "text/plain", tooLarge, 422, errs.ValidationFailed},
		{"too long a query", path + gone + strings.Repeat("&a", 10_001), "Bearer superuser", "text/html", "text/plain", tooLarge, 422, errs.ValidationFailed},
		{"not enough of a role", path, "Bearer viewer", "text/html", "text/plain", tooLarge, 403, errs.Forbidden},
		{"no acceptable reply", path, "Bearer admin", "text/html", "text/plain", tooLarge, 406, errs.NotAcceptable},
		{"too large", path, "Bearer admin", "application/json", "text/plain", tooLarge, 413, errs.BodyTooLarge},
		{"no JSON by its name", path, "Bearer admin", "application/json", "text/plain", "{", 415, errs.UnsupportedMediaType},
		{"no JSON", path, "Bearer admin", "application/json", "application/json", "{", 400, errs.MalformedJSON},
		{"not as documented", path, "Bearer admin", "application/json", "application/json", `{"name":""}`, 422, errs.ValidationFailed},
		{"nothing wrong", "/things/1", "Bearer admin", "application/json", "application/json", good, 200, ""},
		{"nothing wrong in another tenant", "/things/1?x" + there, "Bearer superuser", "application/json", "application/json", good, 422, errs.ValidationFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			headers := []string{"Accept: " + test.accept, "Content-Type: " + test.contentType}
			if test.token != "" {
				headers = append(headers, "Authorization: "+test.token)
			}
			w := serve(t, ok).do(t.Context(), http.MethodPut, test.target, test.body, headers...)
			if w.Code != test.status {
				t.Fatalf("status %d, want %d: %s", w.Code, test.status, w.Body)
			}
			if test.code != "" {
				if p := readProblem(t, w); errs.Code(p.Code) != test.code {
					t.Errorf("code %s, want %s", p.Code, test.code)
				}
			}
		})
	}
}

func TestOneReplyNamesAllFaults(t *testing.T) {
	t.Parallel()
	w := serve(t, ok).do(t.Context(), http.MethodPut, "/things/x?nonsense=1", `{"name":"","other":1}`, "Authorization: Bearer admin", "Content-Type: application/json")
	var places []string
	for _, f := range readProblem(t, w).Errors {
		if f.Pointer != nil {
			places = append(places, *f.Pointer)
		} else {
			places = append(places, *f.Parameter)
		}
	}
	if got := strings.Join(places, " "); got != "id /name /other nonsense" {
		t.Errorf("%s, want id, /name, /other and nonsense", got)
	}
}

func TestStagesRunOnlyWhenNeeded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, method, target, token string
		authenticated, entered      int
	}{
		{"an open operation asks nobody, whatever is sent", http.MethodGet, "/open?tenant_id=" + other.String(), "Bearer superuser", 0, 0},
		{"a path of nothing asks nobody", http.MethodGet, "/nope?tenant_id=" + other.String(), "Bearer superuser", 0, 0},
		{"who sends no token isn't looked up", http.MethodPut, "/things/1", "", 0, 0},
		{"another scheme isn't a token", http.MethodPut, "/things/1", "Basic superuser", 0, 0},
		{"who isn't known enters no tenant", http.MethodPut, "/things/1?tenant_id=" + other.String(), "Bearer nonsense", 1, 0},
		{"only a superuser enters another tenant", http.MethodPut, "/things/1?tenant_id=" + other.String(), "Bearer admin", 1, 0},
		{"one's own tenant isn't entered", http.MethodPut, "/things/1?tenant_id=" + home.String(), "Bearer superuser", 1, 0},
		{"a superuser enters another tenant", http.MethodPut, "/things/1?tenant_id=" + other.String(), "Bearer superuser", 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, ok)
			if test.token == "" {
				s.do(t.Context(), test.method, test.target, "")
			} else {
				s.do(t.Context(), test.method, test.target, "", "Authorization: "+test.token)
			}
			if s.people.authenticated != test.authenticated || s.people.entered != test.entered {
				t.Errorf("authenticated %d times and entered %d, want %d and %d", s.people.authenticated, s.people.entered, test.authenticated, test.entered)
			}
		})
	}
}

func TestHandlerActsInTheTenantThatWasEntered(t *testing.T) {
	t.Parallel()
	var got access.Principal
	var operation string
	s := serve(t, func(c echo.Context) error {
		got = access.PrincipalFrom(c.Request().Context())
		operation = access.RequestFrom(c.Request().Context()).Operation.ID
		return ok(c)
	})
	s.do(t.Context(), http.MethodPut, "/things/1?tenant_id="+other.String(), `{"name":"x"}`, "Authorization: bearer superuser", "Content-Type: application/json")
	if got.TenantID != other || got.HomeTenantID != home || operation != "putThing" {
		t.Errorf("%s as %+v, want putThing in tenant %s", operation, got, other)
	}
}

func TestBearerToken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		headers []string
		want    string // "" for a refusal
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"Bearer"}, ""},
		{[]string{"Bearer  "}, ""},
		{[]string{"token"}, ""},
		{[]string{"Basic dG9rZW4="}, ""},
		{[]string{"Bearertoken"}, ""},
		{[]string{"Bearer token", "Bearer token"}, ""},
		{[]string{"Bearer token"}, "token"},
		{[]string{"BEARER  token "}, "token"},
	} {
		got, err := bearerToken(http.Header{"Authorization": test.headers})
		if got != test.want || (test.want == "") != errs.Is(err, errs.Unauthenticated) {
			t.Errorf("%q: %q, %v; want %q", test.headers, got, err, test.want)
		}
	}
}
