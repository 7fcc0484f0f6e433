package app

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// connections is a listener whose TCP connections know whether a handler is using them.
type connections struct {
	net.Listener

	// firstRequest limits how long a client may take to send the headers of its first HTTP/2
	// request, where net/http only has the much longer IdleTimeout. For HTTP/1.1 the server's
	// ReadHeaderTimeout applies as well.
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

// serve runs the server on these connections and makes it report their state to them. It returns
// the error of http.Server.Serve.
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

// connectionKey is the context key of a request's connection.
type connectionKey struct{}

// connection is a TCP connection that knows whether a handler is using it. The server calls reached
// and changed.
type connection struct {
	*net.TCPConn

	// betweenRequests is true while only net/http itself can write: before the first request, and
	// for HTTP/1.1 between the end of a reply and the start of the next handler.
	betweenRequests atomic.Bool
	http2           atomic.Bool
	firstRequest    time.Duration
	limit           atomic.Pointer[time.Timer] // set once the client has sent something
}

// reached records that a request has reached a handler.
func (c *connection) reached(r *http.Request) {
	c.betweenRequests.Store(false)
	if r.ProtoMajor > 1 {
		c.http2.Store(true) // from now on several requests may be answered at once
	}
	if limit := c.limit.Load(); limit != nil {
		limit.Stop()
	}
}

// changed records the connection's state in net/http.
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
