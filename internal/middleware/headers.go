package middleware

import (
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/tenantry/tenantry/internal/access"
)

const preflightMaxAge = 10 * time.Minute

// securityValues are security headers for an API (OWASP REST Security Cheat Sheet), by their
// canonical names.
var securityValues = http.Header{
	echo.HeaderCacheControl:          {"no-store"},
	echo.HeaderContentSecurityPolicy: {"default-src 'none'; frame-ancestors 'none'"},
	echo.HeaderXContentTypeOptions:   {"nosniff"},
	echo.HeaderXFrameOptions:         {"DENY"},
	echo.HeaderReferrerPolicy:        {"no-referrer"},
}

// SetSecurityHeaders sets the default security headers. Handlers may replace them.
func SetSecurityHeaders(h http.Header) { maps.Copy(h, securityValues) }

func securityHeaders() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			SetSecurityHeaders(c.Response().Header())
			return next(c)
		}
	}
}

// cors allows pages of AllowedOrigins to read replies. Without any it does nothing, so browsers
// refuse all cross-origin pages.
func (s Stack) cors() echo.MiddlewareFunc {
	if len(s.AllowedOrigins) == 0 {
		return func(next echo.HandlerFunc) echo.HandlerFunc { return next }
	}
	return middleware.CORSWithConfig(middleware.CORSConfig{
		AllowOrigins: s.AllowedOrigins,
		AllowMethods: []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete},
		AllowHeaders: []string{
			echo.HeaderAuthorization, echo.HeaderContentType, echo.HeaderXRequestID, headerIfMatch, headerIfNoneMatch,
			"traceparent", "tracestate", "baggage", "sentry-trace", // sent by tracing libraries in browsers
		},
		ExposeHeaders: []string{
			"Content-Disposition", "Deprecation", headerETag, "Link", echo.HeaderLocation, headerLimit, headerPolicy, echo.HeaderRetryAfter, "Sunset",
			echo.HeaderXRequestID, headerOldLimit, headerOldLeft, headerOldReset,
		},
		MaxAge: int(preflightMaxAge.Seconds()),
	})
}

// enterOperation sets the operation of the request. Replies with tenant data may be cached
// privately if they are revalidated, except where each read writes an audit entry.
func enterOperation(op access.Operation) echo.MiddlewareFunc {
	mayKeep := op.Method == http.MethodGet && op.TenantBound && op.AuditAction == access.NoAuditAction
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			for _, value := range c.ParamValues() {
				// In Echo, the last path parameter also matches slashes.
				if strings.ContainsRune(value, '/') {
					return echo.ErrNotFound
				}
			}
			access.RequestFrom(c.Request().Context()).Operation = op
			if mayKeep {
				c.Response().Header().Set(echo.HeaderCacheControl, "private, no-cache")
				c.Response().Header().Add(echo.HeaderVary, echo.HeaderAuthorization)
			}
			return next(c)
		}
	}
}
