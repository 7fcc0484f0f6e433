package middleware

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// Denials records refused requests.
type Denials interface {
	// Denied is called before the reply. tenantID is the requested tenant that the principal may
	// not enter; it is zero if the principal's role is insufficient.
	Denied(ctx context.Context, by access.Principal, tenantID uuid.UUID) error
}

// authenticate sets the principal of the request, unless the operation requires no authentication.
func (s Stack) authenticate(op access.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if op.RequiredRole == access.Anon {
			return next
		}
		return func(c echo.Context) error {
			token, err := bearerToken(c.Request().Header)
			if err != nil {
				return err
			}
			ctx := c.Request().Context()
			request := access.RequestFrom(ctx)
			request.CheckedAt = s.Now()
			if request.Principal, err = s.Authenticator.Authenticate(ctx, token); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// bearerToken returns the token of the Authorization header (RFC 6750, section 2.1).
func bearerToken(h http.Header) (string, error) {
	values := h.Values(echo.HeaderAuthorization)
	if len(values) == 0 {
		return "", errs.New(errs.Unauthenticated, "Log in first, and send the access token as Authorization: Bearer <token>.")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", errs.New(errs.Unauthenticated, "The Authorization header must be: Bearer <token>.")
	}
	return token, nil
}

// enterTenant sets the tenant that the request acts in: that of the token, or the one that a
// superuser names. Another user gets the same reply for a foreign tenant as for one that doesn't
// exist.
func (s Stack) enterTenant(op access.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if !op.TenantBound {
			return next
		}
		return func(c echo.Context) error {
			query := c.QueryParams()
			if !query.Has("tenant_id") {
				return next(c)
			}
			id, err := tenantID(query)
			if err != nil {
				return err
			}
			ctx := c.Request().Context()
			request := access.RequestFrom(ctx)
			if id == request.Principal.HomeTenantID {
				return next(c)
			}
			if request.Principal.Role != access.Superuser {
				if err := s.deny(ctx, request.Principal, id); err != nil {
					return err
				}
				return noSuchTenant()
			}
			principal, err := s.enter(ctx, request.Principal, id)
			if errs.Is(err, errs.NotFound) {
				return noSuchTenant()
			}
			if err != nil {
				return err
			}
			request.Principal = principal
			return next(c)
		}
	}
}

// requireTenant returns errs.TenantRequired if a superuser creates a resource without naming a
// tenant. Otherwise it would be created in the platform's tenant by mistake.
func requireTenant(op access.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if !op.CreatesInTenant() {
			return next
		}
		return func(c echo.Context) error {
			by := access.PrincipalFrom(c.Request().Context())
			if by.Role == access.Superuser && !c.QueryParams().Has("tenant_id") {
				const detail = "Name the tenant in which to create this: send the query parameter tenant_id."
				return errs.New(errs.TenantRequired, detail).With(errs.Field{Parameter: "tenant_id", Detail: detail, Code: "required"})
			}
			return next(c)
		}
	}
}

func tenantID(query url.Values) (uuid.UUID, error) {
	values := query["tenant_id"]
	id, err := uuid.Parse(values[0])
	if err != nil || len(values) != 1 || len(values[0]) != len(id.String()) {
		return uuid.Nil, errs.Invalid(errs.Field{Parameter: "tenant_id", Detail: "Use the id of one tenant, which is a UUID.", Code: "format"})
	}
	return id, nil
}

func noSuchTenant() error { return errs.New(errs.NotFound, "There is no such tenant.") }

// requireRole refuses principals whose role is insufficient for the operation.
func (s Stack) requireRole(op access.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if op.RequiredRole == access.Anon {
			return next
		}
		return func(c echo.Context) error {
			ctx := c.Request().Context()
			by := access.PrincipalFrom(ctx)
			if !by.Role.Satisfies(op.RequiredRole) {
				if err := s.deny(ctx, by, uuid.Nil); err != nil {
					return err
				}
				return needsRole(op.RequiredRole)
			}
			return next(c)
		}
	}
}

func needsRole(role access.Role) error {
	return errs.Newf(errs.Forbidden, "This needs the role %s.", role)
}

// deny writes an audit entry about a refused principal, while it holds a place of their own tenant.
// If that tenant was deleted meanwhile, it returns the error of Authenticator.Confirm.
func (s Stack) deny(ctx context.Context, by access.Principal, tenantID uuid.UUID) error {
	return s.within(ctx, by, func() error {
		err := s.Denials.Denied(ctx, by, tenantID)
		if store.BreaksReference(err) {
			if _, ended := s.Authenticator.Confirm(ctx, nil, by); ended != nil {
				return ended
			}
		}
		return err
	})
}
