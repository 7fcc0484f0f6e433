package main_test

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// A request that two programs might parse differently is refused, or is the last one read from its
// connection. Each text contains a hidden second request.
func TestNoRequestIsSmuggled(t *testing.T) {
	t.Parallel()
	p := newInstallation(t).serve()
	const (
		post   = "POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
		hidden = "GET /api/healthz HTTP/1.1\r\nHost: a\r\n\r\n"
	)
	for name, tc := range map[string]struct{ text, status string }{
		"two lengths":            {post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}" + hidden, "400"},
		"list of lengths":        {post + "Content-Length: 2, 3\r\n\r\n{}" + hidden, "400"},
		"length with a sign":     {post + "Content-Length: +2\r\n\r\n{}" + hidden, "400"},
		"two encodings":          {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + hidden, "400"},
		"list of encodings":      {post + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + hidden, "400"},
		"disguised encoding":     {post + "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden, "400"},
		"blank before the colon": {post + "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden, "400"},
		"length of a chunk":      {post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n" + hidden, "400"},
		"end of a chunk":         {post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n" + hidden, "400"},
		"host with a blank":      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n" + hidden, "400"},
		"NUL in a header":        {"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n" + hidden, "400"},
		// Transfer-Encoding takes precedence, and the connection is closed after the request.
		"length and encoding": {post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + hidden, "422"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := p.connect()
			send(t, conn, tc.text)
			got := receiveAll(t, conn)
			if !strings.HasPrefix(got, "HTTP/1.1 "+tc.status+" ") || strings.Count(got, "HTTP/1.1 ") != 1 || !strings.Contains(got, "Connection: close\r\n") {
				t.Errorf("%q\nwant one reply with status %s, and the connection closed", got, tc.status)
			}
			if !strings.Contains(got, "Cache-Control: no-store\r\n") || !strings.Contains(got, "X-Content-Type-Options: nosniff\r\n") ||
				!strings.Contains(got, "Content-Type: application/problem+json\r\n") {
				t.Errorf("%q\nwant a problem with the security headers", got)
			}
		})
	}
}

// A client that sends its headers byte by byte, or only half of them, loses its connection.
func TestSlowHeadersAreRefused(t *testing.T) {
	t.Parallel()
	p := newInstallation(t).serve()
	conn := p.connect()
	send(t, conn, "GET /api/healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ")
	// The limit is 5 seconds.
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes, %v for half of the headers, want the end of the connection", n, err)
	}
	p.do(http.MethodGet, "/api/healthz", "").want(t, http.StatusOK)
}
