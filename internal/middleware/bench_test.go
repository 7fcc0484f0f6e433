package middleware

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/ratelimit"
)

// The requests for the benchmarks.
var benchRequests = map[string]struct{ method, target, body string }{
	"getCompany":    {http.MethodGet, "/api/v1/org/companies/019371a0-5c00-7000-8000-000000000001", ""},
	"listCompanies": {http.MethodGet, "/api/v1/org/companies?limit=20", ""},
	"createCompany": {http.MethodPost, "/api/v1/org/companies", `{"code":"ACME","name":"Acme Ltd","email":"info@acme.example","phone":"+44 20 7946 0000","address":{"line1":"1 High Street","city":"London","country":"GB"}}`},
}

// reply is a reply that is discarded.
type reply struct {
	header http.Header
	status int
}

func (r *reply) Header() http.Header         { return r.header }
func (r *reply) WriteHeader(status int)      { r.status = status }
func (r *reply) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkStage measures each stage of the stack separately, and all of them together, with the
// program's document: the cost of a request before and after its handler. "nothing" is the overhead
// of measuring, included in each of the others.
func BenchmarkStage(b *testing.B) {
	doc, err := document.Shared()
	if err != nil {
		b.Fatal(err)
	}
	operations, err := access.Operations(doc)
	if err != nil {
		b.Fatal(err)
	}
	limiter, err := ratelimit.New(ratelimit.Options{
		PerMinute: map[access.RateClass]int{access.RateDefault: 1 << 40}, SecretKey: []byte(strings.Repeat("k", 32)), Now: time.Now,
	})
	if err != nil {
		b.Fatal(err)
	}
	people := &people{}
	s := Stack{
		Log: slog.New(slog.NewJSONHandler(struct{ io.Writer }{io.Discard}, nil)), Now: time.Now, NewID: uuid.New, RequestTimeout: time.Minute,
		Document: doc, Operations: operations, Authenticator: people, Tenants: people, Denials: people,
		Limiter: limiter, Metrics: NewMetrics(),
	}
	e := echo.New()
	e.IPExtractor = ClientAddress(nil, slog.New(slog.DiscardHandler), time.Now)
	nothing := func(next echo.HandlerFunc) echo.HandlerFunc { return next }
	stages := []struct {
		name string
		of   func(op access.Operation) echo.MiddlewareFunc
	}{
		{"nothing", func(access.Operation) echo.MiddlewareFunc { return nothing }},
		{"request", func(access.Operation) echo.MiddlewareFunc { return s.request() }},
		{"metrics", func(access.Operation) echo.MiddlewareFunc { return s.measure() }},
		{"access-log", func(access.Operation) echo.MiddlewareFunc { return s.accessLog() }},
		{"panic-guard", func(access.Operation) echo.MiddlewareFunc { return s.recoverPanic() }},
		{"headers", func(access.Operation) echo.MiddlewareFunc { return securityHeaders() }},
		{"body-limit", func(access.Operation) echo.MiddlewareFunc { return limitBody() }},
		{"time-limit", s.limitTime},
		{"operation", enterOperation},
		{"authenticate", s.authenticate},
		{"rate-limit", s.limitUser},
		{"tenant", s.enterTenant},
		{"role", s.requireRole},
		{"validate", s.validate},
		{"keepRight", s.keepRight},
	}
	for _, op := range operations {
		request, ok := benchRequests[op.ID]
		if !ok {
			continue
		}
		b.Run(op.ID, func(b *testing.B) {
			for _, stage := range stages {
				handler := stage.of(op)(func(echo.Context) error { return nil })
				b.Run(stage.name, func(b *testing.B) {
					r := httptest.NewRequest(request.method, request.target, nil)
					r.Header.Set(echo.HeaderAuthorization, "Bearer admin")
					r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
					w := &reply{header: http.Header{}}
					by := access.Principal{UserID: home, HomeTenantID: home, TenantID: home, Role: access.Admin, UserRole: access.Admin}
					r = r.WithContext(access.WithRequest(r.Context(), &access.Request{ID: "a", IP: "192.0.2.1", Method: r.Method, Operation: op, Principal: by}))
					body := strings.NewReader(request.body)
					c := e.NewContext(r, w)
					if op.ID == "getCompany" {
						c.SetParamNames("id")
						c.SetParamValues(home.String())
					}
					b.ReportAllocs()
					for b.Loop() {
						body.Reset(request.body)
						r.Body = io.NopCloser(body)
						c.SetRequest(r)
						c.Response().Committed = false
						if err := handler(c); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
