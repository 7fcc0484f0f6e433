package middleware

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/errs"
)

func TestAccessLogLevels(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		err    error
		status float64
		level  string
		cause  string
	}{
		{"success", nil, 200, "INFO", ""},
		{"client error", errs.New(errs.NotFound, "No.").Because(errors.New("why")), 404, "INFO", ""},
		{"busy", errs.New(errs.Busy, "No.").Because(errors.New("why")), 503, "WARN", ""},
		{"down", errs.New(errs.Unavailable, "No.").Because(errors.New("why")), 503, "ERROR", "why"},
		{"server error", errors.New("why"), 500, "ERROR", "why"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(c echo.Context) error {
				if test.err != nil {
					return test.err
				}
				return ok(c)
			})
			w := s.do(t.Context(), http.MethodGet, "/open", "")
			lines := s.lines(t)
			if len(lines) != 1 {
				t.Fatalf("%d lines, want 1: %v", len(lines), lines)
			}
			line := lines[0]
			if line["level"] != test.level || line["status"] != test.status || float64(w.Code) != test.status {
				t.Errorf("%v with %v, and the client got %d; want %s with %v", line["level"], line["status"], w.Code, test.level, test.status)
			}
			if cause, logged := line["error"].(string); logged != (test.cause != "") || !strings.Contains(cause, test.cause) {
				t.Errorf("cause %q, want %q", cause, test.cause)
			}
			if strings.Contains(w.Body.String(), "why") {
				t.Errorf("the reply contains the cause: %s", w.Body)
			}
		})
	}
}

func TestAccessLogContainsNoSecrets(t *testing.T) {
	t.Parallel()
	s := serve(t, ok)
	s.do(t.Context(), http.MethodPut, "/things/1?tenant_id="+home.String(), `{"name":"hush-body"}`,
		"Authorization: Bearer admin", "Content-Type: application/json", "X-Request-Id: r-1", "Cookie: hush-cookie")
	s.do(t.Context(), http.MethodPut, "/things/1?hush-query=1", "", "Authorization: Bearer hush-token")
	s.do(t.Context(), http.MethodGet, "/nope/hush-path?hush-query=1", "")
	lines := s.lines(t)
	if len(lines) != 3 {
		t.Fatalf("%d lines, want one for each of 3 requests", len(lines))
	}
	for name, want := range map[string]any{
		"msg": "request", "method": "PUT", "route": "/things/{id}", "status": 200.0, "request_id": "r-1", "ip": "192.0.2.1",
		"tenant_id": home.String(), "user_id": home.String(),
	} {
		if got := lines[0][name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if lines[1]["user_id"] != nil || lines[1]["request_id"] == "" {
		t.Errorf("%v, want a request id and no user", lines[1])
	}
	if strings.Contains(s.log.String(), "hush") || strings.Contains(s.log.String(), "Bearer") {
		t.Errorf("the log contains secrets:\n%s", s.log)
	}
}

func TestPanicIsAnErrorLikeAnyOther(t *testing.T) {
	t.Parallel()
	panics := true
	s := serve(t, func(c echo.Context) error {
		if panics {
			panic("hush-panic")
		}
		return ok(c)
	})
	w := s.do(t.Context(), http.MethodGet, "/open", "", "X-Request-Id: r-1")
	if p := readProblem(t, w); w.Code != 500 || p.Code != "internal" || p.RequestID != "r-1" || strings.Contains(w.Body.String(), "hush") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	var stacks, requests int
	for _, line := range s.lines(t) {
		if line["level"] != "ERROR" || line["request_id"] != "r-1" {
			t.Errorf("%v, want an error of request r-1", line)
		}
		if stack, logged := line["stack"].(string); logged {
			stacks++
			if !strings.Contains(stack, "TestPanicIsAnErrorLikeAnyOther") || line["panic"] != "hush-panic" {
				t.Errorf("the log has no stack of the panic: %v", line)
			}
		}
		if line["msg"] == "request" {
			requests++
		}
	}
	if stacks != 1 || requests != 1 {
		t.Errorf("%d stacks and %d access lines, want one each", stacks, requests)
	}
	panics = false
	if w := s.do(t.Context(), http.MethodGet, "/open", ""); w.Code != 200 {
		t.Errorf("status %d after a panic, want 200", w.Code)
	}
}

func TestAbortedHandlerIsLeftToNetHTTP(t *testing.T) {
	t.Parallel()
	s := serve(t, func(echo.Context) error { panic(http.ErrAbortHandler) })
	server := httptest.NewServer(s)
	defer server.Close()
	if response, err := server.Client().Get(server.URL + "/open"); err == nil {
		response.Body.Close()
		t.Errorf("status %d, want a broken connection", response.StatusCode)
	}
	if response, err := server.Client().Get(server.URL + "/nope"); err != nil || response.StatusCode != http.StatusNotFound {
		t.Errorf("the server doesn't answer any more: %v", err)
	} else {
		response.Body.Close()
	}
}

func TestTimeLimitEndsTheHandlersContext(t *testing.T) {
	t.Parallel()
	// The bubble has a fake clock.
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, func(c echo.Context) error {
			ctx := c.Request().Context()
			<-ctx.Done()
			return fmt.Errorf("query: %w", ctx.Err())
		})
		start := time.Now()
		w := s.do(t.Context(), http.MethodGet, "/open", "")
		if p := readProblem(t, w); w.Code != 503 || p.Code != "timeout" {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("the request took %s, want the limit of 1m0s", took)
		}
		if line := s.lines(t)[0]; line["level"] != "ERROR" || line["code"] != "timeout" {
			t.Errorf("%v, want a timeout", line)
		}
	})
}

func TestClientThatDisconnectsIsNoServerError(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	s := serve(t, func(c echo.Context) error {
		leave()
		return fmt.Errorf("query: %w", c.Request().Context().Err())
	})
	w := s.do(ctx, http.MethodGet, "/open", "")
	lines := s.lines(t)
	if len(lines) != 1 || lines[0]["status"] != 499.0 || lines[0]["level"] != "INFO" || lines[0]["error"] != nil || lines[0]["code"] != nil {
		t.Errorf("%v, want one line with status 499 at level INFO", lines)
	}
	if w.Body.Len() != 0 {
		t.Errorf("a reply to a client that has disconnected: %s", w.Body)
	}
}

func TestCancelledQueryIsAnErrorWhileTheClientWaits(t *testing.T) {
	t.Parallel()
	s := serve(t, func(echo.Context) error { return context.Canceled })
	if w := s.do(t.Context(), http.MethodGet, "/open", ""); w.Code != 500 || s.lines(t)[0]["level"] != "ERROR" {
		t.Errorf("status %d, want 500", w.Code)
	}
}
