// Package middleware has the middleware of the HTTP server.
package middleware

import (
	"context"
	"log/slog"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
	"github.com/tenantry/tenantry/internal/telemetry"
)

// MaxBody is the maximum size of a request's body in bytes.
const MaxBody = 1 << 20

// Stack has the dependencies and settings of the middleware.
type Stack struct {
	Log            *slog.Logger
	Now            func() time.Time
	NewID          func() uuid.UUID
	AllowedOrigins []string
	RequestTimeout time.Duration
	Document       *openapi3.T
	Operations     []access.Operation
	Authenticator  Authenticator
	Tenants        Tenants
	Denials        Denials
	LegacyCalls    LegacyCalls
	Schema         Schema
	Metrics        *Metrics
	Limiter        Limiter            // nil: no rate limits
	Shares         *admission.Shares  // nil: every request is admitted
	Tracing        *telemetry.Tracing // Tracing and Sentry may be nil
	Sentry         *telemetry.Sentry
}

// Authenticator finds the principal of an access token.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (access.Principal, error)
	// Confirm reads the current state of by from the database and returns the principal in their
	// own tenant. It queries through q, or outside of a transaction if q is nil. The errors are
	// those of Authenticate.
	Confirm(ctx context.Context, q db.Querier, by access.Principal) (access.Principal, error)
}

// Tenants allows superusers to act in other tenants.
type Tenants interface {
	Enter(ctx context.Context, by access.Principal, tenantID uuid.UUID) (access.Principal, error)
	// CanEnter returns errs.NotFound if the tenant can't be entered. It queries through q, or
	// outside of a transaction if q is nil.
	CanEnter(ctx context.Context, q db.Querier, tenantID uuid.UUID) error
}

// Install installs the middleware for all requests in e, and returns the middleware of each
// operation. The order is defined only here.
func (s Stack) Install(e *echo.Echo) (perOperation map[string][]echo.MiddlewareFunc) {
	e.Use(
		s.request(),       // sets the request id for everything below
		s.trace(),         // everything below is part of the trace
		s.measure(),       // includes the time for writing the reply and logging
		s.accessLog(),     // logs the final status, also after a panic
		s.deprecation(),   // marks replies to old paths, including errors
		s.recoverPanic(),  // converts a panic to a 500
		securityHeaders(), // also on errors
		s.cors(),          // preflight requests are not authenticated
		allowHead,         // adds HEAD to Allow headers
		refuseMethod,      // net/http allows any method for HTTP/2
		limitBody(),       // limits reads by everything below
		markClient,        // write errors are the client's, not the server's
	)
	perOperation = make(map[string][]echo.MiddlewareFunc, len(s.Operations))
	for _, op := range s.Operations {
		perOperation[op.ID] = []echo.MiddlewareFunc{
			s.limitTime(op),     // limits the time of everything below
			enterOperation(op),  // sets the operation and its rules
			s.requireSchema(op), // 503: everything below needs a matching schema
			s.limitAddress(op),  // 429: anonymous clients, before any work
			s.authenticate(op),  // 401: everything below needs a principal
			s.limitUser(op),     // 429: users, before any query or audit entry
			readQuery,           // 422: a query with malformed parts
			s.enterTenant(op),   // 404: sets the tenant
			s.requireRole(op),   // 403: before the request is validated
			s.validate(op),      // 400, 406, 413, 415, 422: validates against the document
			requireTenant(op),   // 409: prevents creation in the platform's tenant by mistake
			s.admit(op),         // 503: limits the connections of each tenant
			s.keepRight(op),     // 401, 403, 404: permissions may end during a request
			tagEntity(op),       // 304, 412: evaluates preconditions of GET
			liftTimeLimit(op),   // streams have a longer time limit
		}
	}
	return perOperation
}
