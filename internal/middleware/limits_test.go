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

func TestTimeLimitIsLiftedForHandlersOfStreamsAlone(t *testing.T) {
	t.Parallel()
	for _, op := range []access.Operation{{Streaming: false}, {Streaming: true}} {
		ctx, cancel := context.WithCancel(t.Context())
		e := echo.New()
		c := e.NewContext(httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx), httptest.NewRecorder())
		var handler context.Context
		lifted := liftTimeLimit(op)(func(c echo.Context) error {
			handler = c.Request().Context() //nolint:fatcontext // to look at it afterwards
			return nil
		})
		limited := Stack{RequestTimeout: time.Hour}.limitTime(op)(func(c echo.Context) error {
			if _, limited := c.Request().Context().Deadline(); !limited {
				t.Errorf("streaming %t: what comes before the handler has no time limit", op.Streaming)
			}
			return lifted(c)
		})
		if err := limited(c); err != nil {
			t.Fatal(err)
		}
		if _, limited := handler.Deadline(); limited == op.Streaming {
			t.Errorf("streaming %t: the handler has a time limit: %t", op.Streaming, limited)
		}
		if op.Streaming && handler.Err() != nil {
			t.Error("the end of the limit ends the stream")
		}
		cancel()
		if handler.Err() == nil {
			t.Errorf("streaming %t: the handler isn't told that the client has gone", op.Streaming)
		}
	}
}
