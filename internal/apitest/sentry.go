package apitest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// sentryKey is the secret in the DSN.
const sentryKey = "hush-sentry-key"

// Sentry receives error reports, like a Sentry server.
type Sentry struct {
	DSN string

	answer sync.Mutex // replies wait while a test holds it
	mu     sync.Mutex
	events []SentryEvent
	raw    strings.Builder
}

// SentryEvent is an error report.
type SentryEvent struct {
	Level, Release, Environment, Transaction string
	Tags                                     map[string]string
	Exception                                []struct {
		Type, Value string
		Stacktrace  struct {
			Frames []struct{ Function, Module string }
		}
	}
	All map[string]any // all fields by name
}

// NewSentry starts a server. It ends with the test.
func NewSentry(t testing.TB) *Sentry {
	t.Helper()
	s := &Sentry{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/api/7/envelope/" {
			t.Errorf("Sentry received %s %s, error %v", r.Method, r.URL, err)
		}
		s.answer.Lock()
		s.take(t, body)
		s.answer.Unlock()
	}))
	t.Cleanup(server.Close)
	s.DSN = strings.Replace(server.URL, "://", "://"+sentryKey+"@", 1) + "/7"
	return s
}

// take reads an envelope: one line of headers, then for each item one line of headers and one of
// content.
func (s *Sentry) take(t testing.TB, body []byte) {
	lines := bytes.Split(bytes.TrimSpace(body), []byte("\n"))
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 1; i+1 < len(lines); i += 2 {
		s.raw.Write(lines[i+1])
		var header struct{ Type string }
		var event SentryEvent
		for into, line := range map[any][]byte{&header: lines[i], &event: lines[i+1], &event.All: lines[i+1]} {
			if err := json.Unmarshal(line, into); err != nil {
				t.Errorf("Sentry received %s, error %v", line, err)
			}
		}
		if header.Type != "event" {
			t.Errorf("Sentry received an item of type %s, want event", header.Type)
		}
		s.events = append(s.events, event)
	}
}

// Hold delays all replies until letGo is called.
func (s *Sentry) Hold() (letGo func()) {
	s.answer.Lock()
	return s.answer.Unlock
}

// Events returns all reports received so far.
func (s *Sentry) Events() []SentryEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]SentryEvent{}, s.events...)
}

// Raw returns the content of all reports received so far, without their headers, which have the key
// of the DSN.
func (s *Sentry) Raw() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.String()
}
