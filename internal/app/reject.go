package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/middleware"
	"github.com/tenantry/tenantry/internal/problem"
)

// net/http answers requests that it can't parse, or whose headers are too large, with plain text
// and without calling a handler. Write replaces this reply by a problem document, like every other
// error. If net/http changes its text, the plain text is sent, and a test fails.

// plainHeaders follow the status line of net/http's own errors.
var plainHeaders = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// Limits for reading what a refused client still sends, so that it can read the reply.
const (
	maxDiscard     = 16 << 20
	discardTimeout = 2 * time.Second
)

// Write replaces net/http's own error replies by problem documents. Replies of handlers, and all of
// HTTP/2, are written unchanged.
func (c *connection) Write(p []byte) (int, error) {
	if !c.betweenRequests.Load() {
		return c.TCPConn.Write(p)
	}
	status, rest, found := bytes.Cut(p, []byte("\r\n"))
	if !found || !bytes.HasPrefix(status, []byte("HTTP/1.1 ")) || !bytes.HasPrefix(rest, plainHeaders[2:]) {
		return c.TCPConn.Write(p)
	}
	e := errs.New(errs.MalformedRequest, "This is not a well-formed HTTP request.")
	if bytes.HasPrefix(status, []byte("HTTP/1.1 431")) {
		e = errs.Newf(errs.HeadersTooLarge, "The address and headers of a request may have at most %d bytes.", maxHeaderBytes)
	}
	return len(p), refuse(c.TCPConn, e, discardTimeout)
}

// refuse answers a connection that no handler is using. It then reads what the client still sends,
// for as long as patience.
func refuse(conn net.Conn, e *errs.Error, patience time.Duration) error {
	id := newID().String()
	body, err := json.Marshal(problem.New(e, &access.Request{ID: id}))
	if err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	reply := http.Response{
		StatusCode: e.Status(), ProtoMajor: 1, ProtoMinor: 1, Close: true, Header: http.Header{},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}
	middleware.SetSecurityHeaders(reply.Header)
	reply.Header.Set("Content-Type", problem.ContentType)
	reply.Header.Set("X-Request-Id", id)
	if e.RetryAfter > 0 {
		reply.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if err := reply.Write(conn); err != nil {
		return err
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	_, _ = io.CopyN(io.Discard, conn, maxDiscard)
	return nil
}
