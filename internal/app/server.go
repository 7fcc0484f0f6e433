package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits against clients that are slow or send too much. The time limit of a reply covers its
// request and slow reading.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = requestTimeout + 30*time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	drainTimeout      = 15 * time.Second
)

// Serve answers requests, over HTTP/1.1 and HTTP/2 without TLS, until ctx ends. It then announces
// the shutdown in each reply and in health checks. After the shutdown delay it accepts no new
// requests, waits up to 15 seconds for running ones, stops the background functions, and returns.
func (a *App) Serve(ctx context.Context, listener net.Listener) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	for _, f := range a.background {
		running.Go(func() { f(background) })
	}
	defer running.Wait()
	defer stop()
	server := &http.Server{
		Handler:           a.closingConnections(a.handler),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
		Protocols:         new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	failed := make(chan error, 1)
	go func() { failed <- connections{newDescriptors(listener, a.log), readHeaderTimeout}.serve(server) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	a.draining.Store(true)
	if a.shutdownDelay > 0 {
		a.log.InfoContext(ctx, "about to stop: requests are still accepted", "for", a.shutdownDelay)
		if err := wait(failed, a.shutdownDelay); err != nil {
			return err
		}
	}
	a.log.InfoContext(ctx, "stopping: no new requests, running ones are finished", "within", drainTimeout)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		_ = server.Close()
		return fmt.Errorf("some requests were still running after %s: %w", drainTimeout, err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	a.log.InfoContext(ctx, "stopped")
	return nil
}

// wait returns after d, or earlier with the server's error.
func wait(failed <-chan error, d time.Duration) error {
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-time.After(d):
		return nil
	}
}

// closingConnections makes clients close connections: all of them when the process shuts down, and
// a connection on which a proxy might find a different end of the body (RFC 9112, section 6.1).
func (a *App) closingConnections(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.draining.Load() || len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
