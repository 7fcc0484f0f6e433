package isolation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxReply is how many bytes of a reply are read. Replies about test tenants are far smaller.
	maxReply = 8 << 20
	// maxWait is the longest Retry-After that is obeyed, and maxWaits how often.
	maxWait  = 2 * time.Minute
	maxWaits = 10
)

// client sends requests unchanged.
type client struct {
	url  string
	http *http.Client
}

type request struct {
	method string
	path   string // escaped, with the query
	header http.Header
	body   []byte
	// beforeBody, if set, is called after the headers are sent and before the body is, once the
	// server has begun to read the body.
	beforeBody func()
}

// lateBody calls before at the first read. The transport reads it when the server asks for the body
// (RFC 9110, section 10.1.1).
type lateBody struct {
	io.Reader

	before func()
}

func (b *lateBody) Read(p []byte) (int, error) {
	if b.before != nil {
		b.before()
		b.before = nil
	}
	return b.Reader.Read(p)
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request. If the server is busy, it waits as long as Retry-After says and sends the
// request again.
func (c *client) do(ctx context.Context, r request) (reply, error) {
	for waits := 0; ; waits++ {
		got, err := c.send(ctx, r)
		if err != nil {
			return reply{}, err
		}
		busy := got.status == http.StatusTooManyRequests || got.status == http.StatusServiceUnavailable
		pause, ok := got.retryAfter()
		if !busy || !ok || waits == maxWaits {
			return got, nil
		}
		if err := wait(ctx, pause); err != nil {
			return reply{}, err
		}
	}
}

// retryAfter returns the reply's Retry-After. It is false without one, or if it is longer than
// maxWait.
func (r reply) retryAfter() (time.Duration, bool) {
	seconds, err := strconv.Atoi(r.header.Get("Retry-After"))
	pause := time.Duration(seconds) * time.Second
	return pause, err == nil && pause >= 0 && pause <= maxWait
}

func wait(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the server: %w", ctx.Err())
	}
}

func (c *client) send(ctx context.Context, r request) (reply, error) {
	sent, err := http.NewRequestWithContext(ctx, r.method, c.url+r.path, bytes.NewReader(r.body))
	if err != nil {
		return reply{}, fmt.Errorf("make request: %w", err)
	}
	sent.Header = r.header.Clone()
	if r.beforeBody != nil {
		sent.Header.Set("Expect", "100-continue")
		sent.Body, sent.GetBody = io.NopCloser(&lateBody{bytes.NewReader(r.body), r.beforeBody}), nil
	}
	if r.body != nil {
		sent.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(sent)
	if err != nil {
		return reply{}, fmt.Errorf("no reply: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	if err != nil {
		return reply{}, fmt.Errorf("%s %s: read the reply: %w", r.method, r.path, err)
	}
	return reply{status: response.StatusCode, header: response.Header, body: body}, nil
}

// problem has the fields of an error that the judge inspects.
type problem struct {
	Code   string
	Detail string
	Errors []struct{ Pointer, Parameter, Code string }
}

func (r reply) problem() problem {
	var p problem
	_ = json.Unmarshal(r.body, &p) // a body that isn't JSON has no code, which the judge reports
	return p
}

// String describes the reply. It omits the body of a success, because that may contain a token.
func (r reply) String() string {
	if r.status < http.StatusBadRequest {
		return strconv.Itoa(r.status)
	}
	p := r.problem()
	parts := []string{strconv.Itoa(r.status), p.Code}
	if p.Detail != "" {
		parts = append(parts, "("+p.Detail+")")
	}
	for _, e := range p.Errors {
		parts = append(parts, e.Pointer+e.Parameter+": "+e.Code)
	}
	return strings.Join(parts, " ")
}
