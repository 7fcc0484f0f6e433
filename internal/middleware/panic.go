package middleware

import (
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/telemetry"
)

// recoverPanic converts a panic of later handlers into an error, and logs its stack.
func (s Stack) recoverPanic() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			defer func() {
				v := recover()
				if v == nil {
					return
				}
				if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
					panic(v)
				}
				ctx := c.Request().Context()
				s.Log.LogAttrs(ctx, slog.LevelError, "panic",
					slog.String("request_id", access.RequestFrom(ctx).ID),
					slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
				err = telemetry.Recovered(v)
			}()
			return next(c)
		}
	}
}
