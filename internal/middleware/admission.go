package middleware

import (
	"context"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
)

// admit lets the handler run only while the request has its places: of the tenant that it acts in, or of the client's address if nobody is
// logged in. They are given back whatever happens. It comes after the body has arrived, so that a slow client holds none.
func (s Stack) admit(op access.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if s.Shares == nil || op.Work == access.WorkNone {
			return next
		}
		return func(c echo.Context) error {
			ctx := c.Request().Context()
			request := access.RequestFrom(ctx)
			key := admission.Tenant(request.Principal.TenantID)
			if request.Principal.UserID == uuid.Nil {
				networks := access.Networks(request.IP)
				key = admission.Network(networks[len(networks)-1].Prefix) // the widest: whoever has it has all addresses in it
			}
			var query url.Values
			if len(op.HeavyParameters) > 0 {
				query = c.QueryParams()
			}
			work := op.WorkOf(query)
			if err := s.Shares.Enter(ctx, work, key); err != nil {
				return err
			}
			request.Admitted = true
			defer s.Shares.Leave(work, key)
			return next(c)
		}
	}
}

// denied is deny in a place of the tenant of whoever is refused.
func (s Stack) denied(ctx context.Context, by access.Principal, tenantID uuid.UUID) error {
	return s.within(ctx, by, func() error { return s.deny(ctx, by, tenantID) })
}

// enter is Tenants.Enter, in a place of the superuser's own tenant.
func (s Stack) enter(ctx context.Context, by access.Principal, tenantID uuid.UUID) (principal access.Principal, err error) {
	err = s.within(ctx, by, func() error {
		principal, err = s.Tenants.Enter(ctx, by, tenantID)
		return err
	})
	return principal, err
}

func (s Stack) within(ctx context.Context, by access.Principal, f func() error) error {
	if s.Shares == nil {
		return f()
	}
	return s.Shares.Within(ctx, admission.Tenant(by.HomeTenantID), f)
}
