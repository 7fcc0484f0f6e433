package middleware

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
)

func TestOnlyHandlersOfStreamsHaveMoreTime(t *testing.T) {
	t.Parallel()
	for _, op := range []access.Operation{{Streaming: false}, {Streaming: true}} {
		ctx, cancel := context.WithCancel(t.Context())
		e := echo.New()
		c := e.NewContext(httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx), httptest.NewRecorder())
		var handler context.Context
		lifted := liftTimeLimit(op)(func(c echo.Context) error {
			handler = c.Request().Context() //nolint:fatcontext // to be checked afterwards
			if handler.Err() != nil {
				t.Errorf("streaming %t: the handler's context has ended", op.Streaming)
			}
			cancel()
			if handler.Err() == nil {
				t.Errorf("streaming %t: the handler's context doesn't end when the client disconnects", op.Streaming)
			}
			return nil
		})
		limited := Stack{RequestTimeout: time.Minute}.limitTime(op)(func(c echo.Context) error {
			if _, limited := c.Request().Context().Deadline(); !limited {
				t.Errorf("streaming %t: the middleware before the handler has no time limit", op.Streaming)
			}
			return lifted(c)
		})
		if err := limited(c); err != nil {
			t.Fatal(err)
		}
		deadline, bounded := handler.Deadline()
		if left := time.Until(deadline); !bounded || op.Streaming != (left > time.Minute) {
			t.Errorf("streaming %t: the handler may take %s", op.Streaming, left)
		}
	}
}
