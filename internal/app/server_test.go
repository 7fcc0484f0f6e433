package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// patience is the time-out for operations that usually take a moment.
const patience = 2 * time.Minute

// serve starts a server and returns its address. stop ends the server and returns the error of
// Serve.
func serve(t *testing.T, handler http.Handler) (address string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &App{log: slog.New(slog.DiscardHandler), handler: handler}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, listener) }()
	stop = func() error {
		cancel()
		err := <-served
		served <- err
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return listener.Addr().String(), stop
}

func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestServeFinishesRunningRequestsAndTakesNoNewOnes(t *testing.T) {
	t.Parallel()
	running, finish := make(chan struct{}), make(chan struct{})
	address, stop := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(running)
		select {
		case <-finish:
			_, _ = io.WriteString(w, "done")
		case <-r.Context().Done():
			t.Error("the request's context ended before the request")
		}
	}))
	type result struct {
		body string
		err  error
	}
	replied := make(chan result, 1)
	go func() {
		response, err := http.Get("http://" + address)
		if err != nil {
			replied <- result{err: err}
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		replied <- result{string(body), err}
	}()
	<-running

	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for deadline := time.Now().Add(patience); ; {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		_ = conn.Close()
		if time.Now().After(deadline) {
			t.Fatal("the server still accepts connections")
		}
	}
	select {
	case err := <-stopped:
		t.Fatalf("Serve returned %v while a request was running", err)
	default:
	}
	close(finish)
	if r := <-replied; r.err != nil || r.body != "done" {
		t.Errorf("the request got %q, %v", r.body, r.err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestServeReturnsTheListenersError(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	a := &App{log: slog.New(slog.DiscardHandler), handler: http.NotFoundHandler()}
	if err := a.Serve(t.Context(), listener); err == nil {
		t.Error("no error for a closed listener")
	}
}
