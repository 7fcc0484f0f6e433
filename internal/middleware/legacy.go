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

// LegacyCalls counts who still calls the predecessor's paths.
type LegacyCalls interface {
	Note(by access.Principal, operation, userAgent string)
}

// givenPathKey finds the path that the client sent, where it is an old one.
type givenPathKey struct{}

// LegacyPaths lets the predecessor's paths lead to the operations that have replaced them. It stands before Echo, which looks
// for the operation before any middleware of its own.
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

// deprecation tells clients of the old paths where to go (RFC 9745, RFC 8594, RFC 5829), and counts them.
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
			// Last, because handlers set a Link of their own.
			c.Response().Before(func() {
				h := c.Response().Header()
				h.Set("Deprecation", deprecated)
				h.Set("Sunset", sunset)
				if len(successor) > maxPath {
					return // no operation has such a path
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
