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
		var before, handler context.Context
		look := func(seen *context.Context) echo.MiddlewareFunc {
			return func(next echo.HandlerFunc) echo.HandlerFunc {
				return func(c echo.Context) error {
					*seen = c.Request().Context()
					return next(c)
				}
			}
		}
		end := func(echo.Context) error { return nil }
		s := Stack{RequestTimeout: time.Hour}
		if err := s.limitTime()(look(&before)(liftTimeLimit(op)(look(&handler)(end))))(c); err != nil {
			t.Fatal(err)
		}
		if _, limited := before.Deadline(); !limited {
			t.Errorf("streaming %t: what comes before the handler has no time limit", op.Streaming)
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
