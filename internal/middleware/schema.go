package middleware

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/problem"
)

// Schema knows whether the program runs with the schema of the database.
type Schema interface {
	// Refusal returns errs.SchemaMismatch if it doesn't, as far as is known. It asks nobody.
	Refusal() error
	// Explain asks the database, and returns errs.SchemaMismatch in place of an error that has come about because of that.
	Explain(ctx context.Context, err error) error
}

// requireSchema refuses requests while the program doesn't run with the schema of the database. Pages and the like,
// which need no database, are served. If the schema changes while a request is under way, it gets the refusal and no
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
