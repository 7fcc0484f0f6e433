package middleware

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
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

// streamTimeout is how long a stream may take. Without it a client that reads as slowly as each step allows
// could hold its place for days.
const streamTimeout = time.Hour

// unlimitedKey finds the context of a stream as it was before limitTime.
type unlimitedKey struct{}

// limitTime ends the context of a request that takes too long, and with it the query that it waits for.
func (s Stack) limitTime(op access.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			ctx := r.Context()
			if op.Streaming {
				ctx = context.WithValue(ctx, unlimitedKey{}, ctx)
			}
			ctx, cancel := context.WithTimeout(ctx, s.RequestTimeout)
			defer cancel()
			c.SetRequest(r.WithContext(ctx))
			defer c.SetRequest(r) // who looks at the context later must not find it cancelled by us
			return next(c)
		}
	}
}

// liftTimeLimit gives the handler of a streaming operation an hour in place of the usual time limit. The
// handler limits each of its steps, and stops when the client goes away.
func liftTimeLimit(op access.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if !op.Streaming {
			return next
		}
		return func(c echo.Context) error {
			r := c.Request()
			if unlimited, ok := r.Context().Value(unlimitedKey{}).(context.Context); ok {
				ctx, cancel := context.WithTimeout(unlimited, streamTimeout)
				defer cancel()
				c.SetRequest(r.WithContext(ctx))
				defer c.SetRequest(r)
			}
			return next(c)
		}
	}
}
