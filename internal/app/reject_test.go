package app

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/api"
)

// exchange sends text and returns the reply.
func exchange(t *testing.T, address, text string) (*http.Response, string) {
	t.Helper()
	conn := connect(t, address)
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatalf("send: %v", err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	return response, string(body)
}

// TestRefusalsOfNetHTTPAreProblems fails if net/http changes the text of its refusals.
func TestRefusalsOfNetHTTPAreProblems(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler got a request") }))
	for name, tc := range map[string]struct {
		text   string
		status int
		code   api.ErrorCode
	}{
		"no HTTP":          {"good morning\r\n\r\n", 400, "malformed_request"},
		"no host":          {"GET / HTTP/1.1\r\n\r\n", 400, "malformed_request"},
		"unknown encoding": {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: rot13\r\n\r\n", 400, "malformed_request"},
		"unknown version":  {"GET / HTTP/9.9\r\nHost: a\r\n\r\n", 400, "malformed_request"},
		"large header":     {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 5_000_000) + "\r\n\r\n", 431, "headers_too_large"},
		"large address":    {"GET /" + strings.Repeat("x", 5_000_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 431, "headers_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := exchange(t, address, tc.text)
			var problem api.Problem
			if err := json.Unmarshal([]byte(body), &problem); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if response.StatusCode != tc.status || problem.Code != tc.code || int(problem.Status) != tc.status || problem.Detail == "" {
				t.Errorf("status %d and %+v, want %d and %s", response.StatusCode, problem, tc.status, tc.code)
			}
			if got := response.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("Content-Type %q", got)
			}
			if id := response.Header.Get("X-Request-Id"); id == "" || id != problem.RequestID {
				t.Errorf("X-Request-Id %q, request_id %q, want the same", id, problem.RequestID)
			}
			if !response.Close {
				t.Error("the reply lacks Connection: close")
			}
		})
	}
}

// The reply of a handler must not be taken for a refusal of net/http.
func TestRepliesOfHandlersAreNotChanged(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "400 Bad Request")
	}))
	response, body := exchange(t, address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if response.Header.Get("Content-Type") != "text/plain; charset=utf-8" || body != "400 Bad Request" {
		t.Errorf("%s %q", response.Header.Get("Content-Type"), body)
	}
}
