package main_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

func TestInvalidHTTPGetsAProblem(t *testing.T) {
	t.Parallel()
	p := newInstallation(t).serve()
	for name, text := range map[string]string{
		"words":             "good morning\r\n\r\n",
		"TLS":               "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"SSH":               "SSH-2.0-OpenSSH_9.9\r\n\r\n",
		"no host":           "GET / HTTP/1.1\r\n\r\n",
		"two hosts":         "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"bad header":        "GET / HTTP/1.1\r\nHost: a\r\nbad header: x\r\n\r\n",
		"bad length":        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
		"unknown encoding":  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: rot13\r\n\r\n",
		"unknown version":   "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
		"length and chunks": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := p.connect()
			send(t, conn, text)
			r := receive(t, bufio.NewReader(conn))
			r.wantProblem(t, http.StatusBadRequest, "malformed_request")
			if r.header.Get("X-Request-Id") == "" {
				t.Error("the reply has no X-Request-Id")
			}
		})
	}
}

func TestTooLargeHeadersGetAProblem(t *testing.T) {
	t.Parallel()
	p := newInstallation(t).serve()
	const tenMB = 10_000_000
	for name, text := range map[string]string{
		"header":  "GET /api/healthz HTTP/1.1\r\nHost: a\r\nX-Large: " + strings.Repeat("x", tenMB) + "\r\n\r\n",
		"headers": "GET /api/healthz HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X-Large: x\r\n", tenMB/12) + "\r\n",
		"address": "GET /" + strings.Repeat("x", tenMB) + " HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := p.connect()
			send(t, conn, text) // clients send everything before they read the reply
			receive(t, bufio.NewReader(conn)).wantProblem(t, http.StatusRequestHeaderFieldsTooLarge, "headers_too_large")
		})
	}
}

func TestTooLargeBodyGetsAProblem(t *testing.T) {
	t.Parallel()
	p := newInstallation(t).serve()
	body := loginBody("ceo@techstart.com", strings.Repeat("x", 2<<20))
	p.do(http.MethodPost, loginPath, body).wantProblem(t, http.StatusRequestEntityTooLarge, "body_too_large")
	p.do(http.MethodGet, "/api/healthz", "").want(t, http.StatusOK)
}
