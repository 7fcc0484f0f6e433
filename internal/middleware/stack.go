// Package middleware is what every request goes through before its handler.
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

// MaxBody is the most bytes that a request's body may have.
const MaxBody = 1 << 20

// Stack is what the middleware works with.
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
	Limiter        Limiter            // nil: nothing is limited
	Shares         *admission.Shares  // nil: every request is admitted
	Tracing        *telemetry.Tracing // these two may be nil
	Sentry         *telemetry.Sentry
}

// Authenticator knows who an access token belongs to.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (access.Principal, error)
	// Confirm asks the database for the current state of by, and returns them in their own tenant. It asks
	// through q, or outside of a transaction if q is nil. The errors are those of Authenticate.
	Confirm(ctx context.Context, q db.Querier, by access.Principal) (access.Principal, error)
}

// Tenants lets a superuser act in another tenant.
type Tenants interface {
	Enter(ctx context.Context, by access.Principal, tenantID uuid.UUID) (access.Principal, error)
	// CanEnter returns errs.NotFound if nobody can enter the tenant. It asks through q, or outside of a
	// transaction if q is nil.
	CanEnter(ctx context.Context, q db.Querier, tenantID uuid.UUID) error
}

// Install puts the middleware that every request passes into e, and returns what each operation has of its own. This is
// the one place where the order is written.
func (s Stack) Install(e *echo.Echo) (perOperation map[string][]echo.MiddlewareFunc) {
	e.Use(
		s.request(),       // everything below speaks of the request by its id
		s.trace(),         // all that is logged and done below is part of the trace
		s.measure(),       // counts every reply, with the time that writing it and logging take
		s.accessLog(),     // sees what the client sees, also after a panic
		s.deprecation(),   // what comes by an old path says so, errors too
		s.recoverPanic(),  // a panic is a 500 like any other
		securityHeaders(), // on errors too
		s.cors(),          // browsers ask before they log in
		allowHead,         // replies that list methods name HEAD, too
		refuseMethod,      // by HTTP/2 net/http lets any method through
		limitBody(),       // nothing below can be made to read more
		markClient,        // errors of writing to the client aren't the server's
	)
	perOperation = make(map[string][]echo.MiddlewareFunc, len(s.Operations))
	for _, op := range s.Operations {
		perOperation[op.ID] = []echo.MiddlewareFunc{
			s.limitTime(op),     // nothing below can take longer
			enterOperation(op),  // the router has found it; from here on its rules are known
			s.requireSchema(op), // 503: nothing below works with another schema
			s.limitAddress(op),  // 429: strangers, before anything is done for them
			s.authenticate(op),  // 401: nothing below works for strangers
			s.limitUser(op),     // 429: people, before anything is read or written down for them
			readQuery,           // 422: the query is read as a whole or refused
			s.enterTenant(op),   // 404: whose data this is about
			s.requireRole(op),   // 403: before a word is said about the request itself
			s.validate(op),      // 400, 406, 413, 415, 422: what arrives is as the document says
			requireTenant(op),   // 409: nothing gets into the platform's tenant by accident
			s.admit(op),         // 503: no tenant takes all connections
			s.keepRight(op),     // 401, 403, 404: rights end while the body arrives, and while a request waits or works
			tagEntity(op),       // 304, 412: what the client has, and whether it is still so
			liftTimeLimit(op),   // a stream takes as long as its client reads
		}
	}
	return perOperation
}
