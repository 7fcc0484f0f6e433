package middleware

import (
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/telemetry"
)

// trace makes the span of a request, and notes which trace it is part of.
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

// report tells Sentry of an error of ours.
func (s Stack) report(r *access.Request, status int, err error) {
	s.Sentry.Report(telemetry.Failure{
		Method: r.Method, Route: route(r), Status: status, RequestID: r.ID, TraceID: r.TraceID, TenantID: tenantOf(r), Err: err,
	})
}

// route is the path of the operation in the document: never the one that the client sent.
func route(r *access.Request) string {
	if r.Operation.ID == "" {
		return telemetry.Unmatched
	}
	return r.Operation.Path
}

// tenantOf is empty for strangers.
func tenantOf(r *access.Request) string {
	if r.Principal.TenantID == uuid.Nil {
		return ""
	}
	return r.Principal.TenantID.String()
}
