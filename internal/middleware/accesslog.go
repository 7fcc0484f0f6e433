package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/problem"
)

// maxAttributes is the maximum number of attributes of a line.
const maxAttributes = 14

// accessLog writes error replies and logs one line per request. Internal errors are logged at level
// error with their cause, and reported to Sentry. If an error occurs after the reply has begun, it
// closes the connection, so that the client doesn't take the reply as complete.
func (s Stack) accessLog() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := s.Now()
			err := next(c)
			cutOff := err != nil && c.Response().Committed
			if err != nil {
				problem.Handle(err, c)
			}
			r := access.RequestFrom(c.Request().Context())
			status := c.Response().Status
			attrs := make([]slog.Attr, 0, maxAttributes)
			attrs = append(attrs,
				slog.String("method", r.Method),
				slog.String("route", route(r)),
				slog.Int("status", status),
				slog.Duration("duration", s.Now().Sub(start)),
				slog.Int64("bytes", c.Response().Size),
				slog.String("request_id", r.ID),
				slog.String("ip", r.IP),
			)
			if r.TraceID != "" {
				attrs = append(attrs, slog.String("trace_id", r.TraceID))
			}
			if r.Principal.UserID != uuid.Nil {
				attrs = append(attrs, slog.String("tenant_id", r.Principal.TenantID.String()), slog.String("user_id", r.Principal.UserID.String()))
			}
			if r.Legacy {
				attrs = append(attrs, slog.Bool("legacy", true))
			}
			level := slog.LevelInfo
			if err != nil && status != problem.StatusClientGone {
				e := problem.Of(err)
				attrs = append(attrs, slog.String("code", string(e.Code)))
				switch {
				case cutOff && errors.Is(err, context.Canceled): // the client disconnected
				case e.Status() < http.StatusInternalServerError: // a client error, or the principal lost access
				case e.Code == errs.Busy:
					level = slog.LevelWarn
				default:
					level = slog.LevelError
					attrs = append(attrs, slog.String("error", err.Error()))
					s.report(r, status, err)
				}
			}
			s.write(c.Request().Context(), level, append(attrs, slog.Bool("cut_off", cutOff)))
			if cutOff {
				panic(http.ErrAbortHandler)
			}
			return nil
		}
	}
}

// write is like Logger.LogAttrs without the caller's source position.
func (s Stack) write(ctx context.Context, level slog.Level, attrs []slog.Attr) {
	handler := s.Log.Handler()
	if !handler.Enabled(ctx, level) {
		return
	}
	record := slog.NewRecord(time.Now(), level, "request", 0)
	record.AddAttrs(attrs...)
	_ = handler.Handle(ctx, record) // like Logger, ignores the error
}
