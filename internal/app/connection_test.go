package app

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// refusal is the reply that net/http writes when it refuses a request.
const refusal = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"

// TestHandlerDataIsNotReplaced lets handlers write the text of net/http's refusal, at the start of
// each write. It must reach the client unchanged.
func TestHandlerDataIsNotReplaced(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sized" {
			w.Header().Set("Content-Length", fmt.Sprint(3*8000))
		}
		for range 3 {
			// Larger than the server's buffer, so it is written directly.
			_, _ = io.WriteString(w, refusal+strings.Repeat("x", 8000-len(refusal)))
			_ = http.NewResponseController(w).Flush()
		}
	})
	want := strings.Repeat(refusal+strings.Repeat("x", 8000-len(refusal)), 3)
	address, _ := serve(t, handler)
	for _, http2 := range []bool{false, true} {
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetHTTP1(!http2)
		transport.Protocols.SetUnencryptedHTTP2(http2)
		t.Cleanup(transport.CloseIdleConnections)
		for _, path := range []string{"/sized", "/chunked", "/chunked", "/sized"} {
			response, err := (&http.Client{Transport: transport, Timeout: patience}).Get("http://" + address + path)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || string(body) != want {
				t.Errorf("%s by %s: %d bytes, %v, want the %d that the handler wrote", path, response.Proto, len(body), err, len(want))
			}
		}
	}
}

func TestARefusalOnAConnectionInUseIsAProblem(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }))
	conn := connect(t, address)
	replies := bufio.NewReader(conn)
	for _, request := range []struct{ text, contentType string }{
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "text/plain; charset=utf-8"},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "text/plain; charset=utf-8"},
		{"no HTTP\r\n\r\n", "application/problem+json"},
	} {
		if _, err := io.WriteString(conn, request.text); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(replies, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		if got := response.Header.Get("Content-Type"); got != request.contentType {
			t.Errorf("%q is answered with %s, want %s", request.text, got, request.contentType)
		}
	}
}

// frame encodes a frame of HTTP/2 (RFC 9113, section 4.1).
func frame(kind, flags byte, stream uint32, payload string) string {
	header := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	header = append(header[1:], kind, flags)
	return string(binary.BigEndian.AppendUint32(header, stream)) + payload
}

const (
	preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	// getRoot has the encoded headers of GET http://a/ (RFC 7541).
	getRoot = "\x82\x86\x84\x01\x01a"

	headersFrame, settingsFrame, pingFrame = 1, 4, 6
	endStream, endHeaders                  = 1, 4
)

// serveHTTP2 starts a server with a time limit for the first request, and returns its address.
func serveHTTP2(t *testing.T, limit time.Duration, handler http.HandlerFunc) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, Protocols: new(http.Protocols), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	server.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = connections{listener, limit}.serve(server) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

func TestFirstRequestByHTTP2IsLimitedInTime(t *testing.T) {
	t.Parallel()
	address := serveHTTP2(t, time.Millisecond, func(http.ResponseWriter, *http.Request) {})
	for name, text := range map[string]string{
		"nothing":      "",
		"a ping":       frame(pingFrame, 0, 0, "12345678"),
		"half of them": frame(headersFrame, endStream, 1, getRoot),
	} {
		conn := connect(t, address)
		if _, err := io.WriteString(conn, preface+frame(settingsFrame, 0, 0, "")+text); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s instead of headers: %v, want the end of the connection", name, err)
		}
	}
}

func TestLimitEndsWithTheFirstRequest(t *testing.T) {
	t.Parallel()
	running := make(chan bool)
	address := serveHTTP2(t, time.Hour, func(_ http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(connectionKey{}).(*connection)
		running <- !ok || c.limit.Load().Stop()
	})
	if _, err := io.WriteString(connect(t, address), preface+frame(settingsFrame, 0, 0, "")+frame(headersFrame, endStream|endHeaders, 1, getRoot)); err != nil {
		t.Fatal(err)
	}
	if <-running {
		t.Error("the limit still applies during the first request")
	}
}
