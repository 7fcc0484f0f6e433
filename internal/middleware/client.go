package middleware

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
)

// markClient makes every error of writing to the client one of the client, by HTTP/1.1 and HTTP/2, whatever the reason: it has gone away,
// has reset the stream, or doesn't read. limitBody comes before it, because net/http looks for its own writer.
func markClient(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Writer = clientWriter{c.Response().Writer}
		return next(c)
	}
}

// clientWriter returns errors that wrap context.Canceled, as work for a client that has gone away does.
type clientWriter struct{ http.ResponseWriter }

func (w clientWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	return n, clientError(err)
}

// FlushError is what http.ResponseController calls.
func (w clientWriter) FlushError() error {
	return clientError(http.NewResponseController(w.ResponseWriter).Flush())
}

// Unwrap lets http.ResponseController find what else the writer can do.
func (w clientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func clientError(err error) error {
	if err == nil || errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return fmt.Errorf("write to the client: %w: %w", context.Canceled, err)
}
