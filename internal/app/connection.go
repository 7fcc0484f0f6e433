package app

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// connections gives a server TCP connections that know whether a handler is at work on them.
type connections struct {
	net.Listener

	// firstRequest is how long a client of HTTP/2 may take to send the headers of its first request. With HTTP/1.1 the server's
	// ReadHeaderTimeout does that; HTTP/2 has only the much longer IdleTimeout.
	firstRequest time.Duration
}

func (l connections) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		c := &connection{TCPConn: tcp, firstRequest: l.firstRequest}
		c.betweenRequests.Store(true)
		return c, nil
	}
	return conn, nil
}

// serve makes a server keep the state of these connections.
func (l connections) serve(server *http.Server) error {
	next := server.Handler
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			c.reached(r)
		}
		next.ServeHTTP(w, r)
	})
	server.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, c)
	}
	server.ConnState = func(conn net.Conn, state http.ConnState) {
		if c, ok := conn.(*connection); ok {
			c.changed(state)
		}
	}
	return server.Serve(l)
}

// connectionKey finds the connection of a request in its context.
type connectionKey struct{}

// connection can do all that a TCP connection can. The server calls reached and changed.
type connection struct {
	*net.TCPConn

	// betweenRequests is true while only net/http itself can write: from the start or the end of a reply by HTTP/1.1 until the next
	// request reaches a handler.
	betweenRequests atomic.Bool
	http2           atomic.Bool
	firstRequest    time.Duration
	limit           atomic.Pointer[time.Timer] // set once the client has sent something
}

// reached notes that a request has reached a handler.
func (c *connection) reached(r *http.Request) {
	c.betweenRequests.Store(false)
	if r.ProtoMajor > 1 {
		c.http2.Store(true) // replies to several requests mix from here on
	}
	if limit := c.limit.Load(); limit != nil {
		limit.Stop()
	}
}

func (c *connection) changed(state http.ConnState) {
	switch state {
	case http.StateActive:
		if c.limit.Load() == nil {
			c.limit.Store(time.AfterFunc(c.firstRequest, func() { _ = c.Close() }))
		}
	case http.StateIdle:
		c.betweenRequests.Store(!c.http2.Load())
	case http.StateClosed:
		if limit := c.limit.Load(); limit != nil {
			limit.Stop()
		}
	case http.StateNew, http.StateHijacked:
	}
}
