package middleware

import (
	"context"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
)

// admit runs the handler while the request holds its places, and always returns them. They count
// towards the tenant that the request acts in, or the client's network if it is anonymous. Without
// a place the error is errs.Busy. admit runs after the body has been read, so that a slow client
// holds no place. Light work of a currently slow operation is slow work.
func (s Stack) admit(op access.Operation) echo.MiddlewareFunc {
	// Shared by all requests of the operation, because Echo calls the returned function per
	// request.
	pace := &admission.Pace{}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if s.Shares == nil || op.Work == access.WorkNone {
			return next
		}
		return func(c echo.Context) error {
			ctx := c.Request().Context()
			request := access.RequestFrom(ctx)
			key := admission.Tenant(request.Principal.TenantID)
			if request.Principal.UserID == uuid.Nil {
				key = admission.Network(access.WidestNetwork(request.IP))
			}
			var query url.Values
			if len(op.HeavyParameters) > 0 {
				query = c.QueryParams()
			}
			work := pace.WorkNow(op.WorkOf(query))
			if err := s.Shares.Enter(ctx, work, key); err != nil {
				return err
			}
			request.Admitted = true
			defer s.Shares.Leave(work, key)
			if work == access.WorkLight || work == access.WorkSlow {
				defer pace.Watch().Stop()
			}
			return next(c)
		}
	}
}

// enter calls Tenants.Enter while it holds a place of the superuser's own tenant.
func (s Stack) enter(ctx context.Context, by access.Principal, tenantID uuid.UUID) (principal access.Principal, err error) {
	err = s.within(ctx, by, func() error {
		principal, err = s.Tenants.Enter(ctx, by, tenantID)
		return err
	})
	return principal, err
}

// within calls f while it holds a light place of the principal's own tenant.
func (s Stack) within(ctx context.Context, by access.Principal, f func() error) error {
	if s.Shares == nil {
		return f()
	}
	return s.Shares.Within(ctx, admission.Tenant(by.HomeTenantID), f)
}
