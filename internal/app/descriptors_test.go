package app

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// exhausted is a listener of a process that has reached its limit of file descriptors, apart from
// the reserved one.
type exhausted struct {
	net.Listener

	isFull atomic.Bool
	d      *descriptors
}

func (l *exhausted) Accept() (net.Conn, error) {
	if l.isFull.Load() && l.d.reserve != nil {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

func TestConnectionsAreRefusedWithoutFileDescriptors(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	full := &exhausted{Listener: listener}
	d := newDescriptors(full, slog.New(slog.NewTextHandler(&log, nil)))
	full.d, d.patience = d, patience // a client on a busy machine may be slow to send its request
	open := d.open
	taken := 0 // counts calls: each second one succeeds, as if a connection had taken the descriptor of the reserve
	d.open = func() (*os.File, error) {
		if taken++; full.isFull.Load() && taken%2 == 1 {
			return nil, syscall.EMFILE
		}
		return open()
	}
	full.isFull.Store(true)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") })}
	served := make(chan error, 1)
	go func() { served <- server.Serve(d) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	get := func() (*http.Response, string) {
		response, err := client.Get("http://" + listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(body)
	}
	for range 3 {
		if r, body := get(); r.StatusCode != 503 || r.Header.Get("Retry-After") != "1" || !strings.Contains(body, `"code":"busy"`) {
			t.Errorf("%d, Retry-After %q: %s; want 503 busy", r.StatusCode, r.Header.Get("Retry-After"), body)
		}
	}
	full.isFull.Store(false)
	if r, _ := get(); r.StatusCode == 503 { // this connection was still accepted during the shortage
		if r, body := get(); r.StatusCode != 200 {
			t.Errorf("status %d after the shortage: %s", r.StatusCode, body)
		}
	}
	_ = server.Close()
	<-served
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), "LimitNOFILE") {
		t.Errorf("%d errors in the log, want one that names LimitNOFILE:\n%s", n, log.String())
	}
}

func TestRefusedConnectionThatSendsNothingDelaysOthersBriefly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		defer client.Close()
		go func() { _, _ = io.Copy(io.Discard, client) }()
		since := time.Now()
		refuseBusy(server, refusalPatience)
		if took := time.Since(since); took != refusalPatience {
			t.Errorf("it took %s, want %s", took, refusalPatience)
		}
	})
}
