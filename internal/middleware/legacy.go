package middleware

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/legacy"
)

// LegacyCalls counts the calls of the predecessor's paths.
type LegacyCalls interface {
	Note(by access.Principal, operation, userAgent string)
}

// givenPathKey is the context key of the path that the client sent, if it is a predecessor's path.
type givenPathKey struct{}

// LegacyPaths replaces the predecessor's paths with their successors. It must run before Echo,
// which routes before its own middleware.
func LegacyPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := legacy.Successor(r.URL.Path)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		given := r.URL.EscapedPath()
		r = r.WithContext(context.WithValue(r.Context(), givenPathKey{}, given))
		u := *r.URL
		u.Path, u.RawPath = path, ""
		if escaped, ok := legacy.Successor(given); ok {
			u.RawPath = escaped
		}
		r.URL = &u
		next.ServeHTTP(w, r)
	})
}

// deprecation adds the headers of deprecated paths to replies (RFC 9745, RFC 8594, RFC 5829), and
// counts the calls.
func (s Stack) deprecation() echo.MiddlewareFunc {
	deprecated := fmt.Sprintf("@%d", legacy.Deprecated.Unix())
	sunset := legacy.Sunset.Format(http.TimeFormat)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := access.RequestFrom(c.Request().Context())
			if !r.Legacy {
				return next(c)
			}
			successor := c.Request().URL.EscapedPath()
			// Just before the reply, because handlers set a Link of their own.
			c.Response().Before(func() {
				h := c.Response().Header()
				h.Set("Deprecation", deprecated)
				h.Set("Sunset", sunset)
				if len(successor) > maxPath {
					return // longer than any operation's path
				}
				h.Add("Link", fmt.Sprintf(`<%s>; rel="successor-version"`, strings.ReplaceAll(successor, ">", "%3E")))
			})
			err := next(c)
			if r.Operation.ID != "" {
				s.Metrics.legacyCalls.WithLabelValues(r.Operation.ID).Inc()
				s.LegacyCalls.Note(r.Principal, r.Operation.ID, r.UserAgent)
			}
			return err
		}
	}
}
