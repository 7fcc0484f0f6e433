package middleware

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/problem"
)

// Schema checks whether the database schema fits the program.
type Schema interface {
	// Refusal returns errs.SchemaMismatch if the last check found that it doesn't. It doesn't query
	// the database.
	Refusal() error
	// Explain checks the schema, and returns errs.SchemaMismatch if that is the cause of err,
	// otherwise err.
	Explain(ctx context.Context, err error) error
}

// requireSchema refuses requests while the database schema doesn't fit the program. Operations that
// need no database are not refused. If the schema changes during a request, the refusal replaces an
// internal error.
func (s Stack) requireSchema(op access.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if s.Schema == nil || op.RequiredRole == access.Anon && op.AuditAction == access.NoAuditAction {
			return next
		}
		return func(c echo.Context) error {
			if err := s.Schema.Refusal(); err != nil {
				return err
			}
			ctx := c.Request().Context()
			err := next(c)
			if err == nil || errors.Is(err, context.Canceled) || problem.Of(err).Code != errs.Internal {
				return err
			}
			return s.Schema.Explain(ctx, err)
		}
	}
}
