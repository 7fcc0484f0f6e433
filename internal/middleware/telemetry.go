package middleware

import (
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/telemetry"
)

// trace starts the span of a request, and sets the request's trace id.
func (s Stack) trace() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := access.RequestFrom(c.Request().Context())
			ctx, span, id := s.Tracing.StartRequest(c.Request().Context(), c.Request().Header)
			if r.TraceID = id; id == "" {
				return next(c)
			}
			c.SetRequest(c.Request().WithContext(ctx))
			defer func() {
				span.End(telemetry.Ended{
					Method: r.Method, Route: route(r), Status: c.Response().Status, RequestID: r.ID, TenantID: tenantOf(r),
				})
			}()
			return next(c)
		}
	}
}

// report sends an internal error to Sentry.
func (s Stack) report(r *access.Request, status int, err error) {
	s.Sentry.Report(telemetry.Failure{
		Method: r.Method, Route: route(r), Status: status, RequestID: r.ID, TraceID: r.TraceID, TenantID: tenantOf(r), Err: err,
	})
}

// route returns the operation's path in the document, never the path that the client sent.
func route(r *access.Request) string {
	if r.Operation.ID == "" {
		return telemetry.Unmatched
	}
	return r.Operation.Path
}

// tenantOf returns the tenant's id, or "" for anonymous clients.
func tenantOf(r *access.Request) string {
	if r.Principal.TenantID == uuid.Nil {
		return ""
	}
	return r.Principal.TenantID.String()
}
