package middleware

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
)

// limitBody returns an *http.MaxBytesError when more than MaxBody bytes of a body are read.
func limitBody() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			r.Body = http.MaxBytesReader(c.Response().Writer, r.Body, MaxBody)
			return next(c)
		}
	}
}

// streamTimeout is the maximum duration of a stream. It stops slow clients from holding a place for
// days.
const streamTimeout = time.Hour

// unlimitedKey is the context key of a stream's context without the time limit.
type unlimitedKey struct{}

// limitTime cancels the context of a request, and with it a running query, after RequestTimeout.
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
			defer c.SetRequest(r) // outer middleware must not see our cancellation
			return next(c)
		}
	}
}

// liftTimeLimit replaces the time limit of a streaming operation with one hour. The handler limits
// each of its steps, and stops when the client disconnects.
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
