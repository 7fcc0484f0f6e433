package middleware

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/errs"
)

// HeadAsGet handles HEAD like GET (RFC 9110, section 9.3.2); net/http omits the body. It must run
// before Echo, which routes before its own middleware.
func HeadAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(r.Context()) // a copy, because net/http needs the original method
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// allowHead adds HEAD to an Allow header with GET, because of HeadAsGet.
func allowHead(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Get(echo.ContextKeyHeaderAllow) != nil { // the path exists, but not with this method
			header := c.Response().Header()
			c.Response().Before(func() {
				header.Set(echo.HeaderAllow, strings.Replace(header.Get(echo.HeaderAllow), http.MethodGet, "GET, HEAD", 1))
			})
		}
		return next(c)
	}
}

// refuseMethod returns errs.MalformedRequest if the method isn't a token (RFC 9110, section 9.1).
// For HTTP/1.1, net/http already refuses it.
func refuseMethod(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !isToken(c.Request().Method) {
			return errs.New(errs.MalformedRequest, "This is not a well-formed HTTP request.")
		}
		return next(c)
	}
}

// isToken reports whether s is a token (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
