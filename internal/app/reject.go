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

// What net/http itself refuses, because it is no HTTP or its headers are too large, it answers with a line of plain text
// that no handler ever sees. Write makes a problem of it, like every other error. Should net/http change its words,
// the plain text is back, and a test fails.

// plainHeaders follow the status line of net/http's own errors.
var plainHeaders = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// How much of what a refused client is still sending is read, and for how long, so that it gets to read why.
const (
	maxDiscard     = 16 << 20
	discardTimeout = 2 * time.Second
)

// Write replaces a refusal of net/http by a problem. Replies of handlers, and all of HTTP/2, are written unchanged.
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

// refuse answers a connection on which no handler is at work, and reads what its client still sends for as long as patience.
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
