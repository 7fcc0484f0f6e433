package middleware

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
)

// limitBody makes reading more than MaxBody bytes of a body an *http.MaxBytesError. What isn't read costs nothing.
func limitBody() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			r.Body = http.MaxBytesReader(c.Response().Writer, r.Body, MaxBody)
			return next(c)
		}
	}
}

// limitTime ends the context of a request that takes too long, and with it the query that it waits for.
func (s Stack) limitTime() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			ctx, cancel := context.WithTimeout(r.Context(), s.RequestTimeout)
			defer cancel()
			c.SetRequest(r.WithContext(ctx))
			defer c.SetRequest(r) // who looks at the context later must not find it cancelled by us
			return next(c)
		}
	}
}
