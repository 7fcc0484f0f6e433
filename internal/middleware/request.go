package middleware

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
)

// The widths of database columns. Replies also repeat at most as much.
const (
	maxUserAgent = 512
	maxMethod    = 16
	maxPath      = 512
)

// EscapedPath makes Echo match the escaped path, so that path parameters are always escaped.
// Otherwise some would be unescaped twice. It must run before Echo.
func EscapedPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if escaped := r.URL.EscapedPath(); r.URL.RawPath == "" && escaped != r.URL.Path {
			u := *r.URL
			u.RawPath = escaped
			r = r.WithContext(r.Context())
			r.URL = &u
		}
		next.ServeHTTP(w, r)
	})
}

// request puts an access.Request into the context. Its id is the client's X-Request-Id if that is
// valid, otherwise a new one.
func (s Stack) request() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			id := r.Header.Get(echo.HeaderXRequestID)
			if !access.IsRequestID(id) {
				id = s.NewID().String()
			}
			c.Response().Header().Set(echo.HeaderXRequestID, id)
			request := &access.Request{
				ID:        id,
				IP:        c.RealIP(),
				UserAgent: cut(r.UserAgent(), maxUserAgent),
				Method:    cut(r.Method, maxMethod),
				Path:      cut(r.URL.EscapedPath(), maxPath),
				RawQuery:  r.URL.RawQuery,
				Accept:    r.Header.Values(echo.HeaderAccept),
				Encodings: r.Header.Values(echo.HeaderAcceptEncoding),
			}
			if given, ok := r.Context().Value(givenPathKey{}).(string); ok {
				request.Path, request.Legacy = cut(given, maxPath), true
			}
			c.SetRequest(r.WithContext(access.WithRequest(r.Context(), request)))
			return next(c)
		}
	}
}

// cut returns a header's value in storable form: valid UTF-8 of at most n bytes.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
