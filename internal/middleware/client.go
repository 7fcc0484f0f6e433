package middleware

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
)

// markClient makes errors of writing to the client wrap context.Canceled, like those of a client
// that disconnected, so that they aren't logged or reported as server errors. limitBody must run
// before it, because net/http looks for its own writer.
func markClient(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Writer = clientWriter{c.Response().Writer}
		return next(c)
	}
}

// clientWriter returns errors that wrap context.Canceled.
type clientWriter struct{ http.ResponseWriter }

func (w clientWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	return n, clientError(err)
}

// FlushError is called by http.ResponseController.
func (w clientWriter) FlushError() error {
	return clientError(http.NewResponseController(w.ResponseWriter).Flush())
}

// Unwrap gives http.ResponseController access to the inner writer.
func (w clientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func clientError(err error) error {
	if err == nil || errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return fmt.Errorf("write to the client: %w: %w", context.Canceled, err)
}
