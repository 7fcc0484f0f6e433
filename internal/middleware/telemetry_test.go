package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/telemetry"
)

const (
	traceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
	traceparent = "00-" + traceID + "-00f067aa0ba902b7-01"
)

func TestTraceIDIsThatOfTheClient(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		headers []string
		want    any
	}{
		{"none", nil, nil},
		{"well-formed", []string{traceparent}, traceID},
		{"not sampled", []string{strings.TrimSuffix(traceparent, "1") + "0"}, traceID},
		{"of a later version", []string{"cc" + strings.TrimPrefix(traceparent, "00") + "-what-is-to-come"}, traceID},
		{"of the version that never will be", []string{"ff" + strings.TrimPrefix(traceparent, "00")}, nil},
		{"no trace", []string{"00-00000000000000000000000000000000-00f067aa0ba902b7-01"}, nil},
		{"no parent", []string{"00-" + traceID + "-0000000000000000-01"}, nil},
		{"upper case", []string{"00-" + strings.ToUpper(traceID) + "-00f067aa0ba902b7-01"}, nil},
		{"too long", []string{traceparent + "-hush"}, nil},
		{"too short", []string{"00-hush"}, nil},
		{"two of them", []string{traceparent, traceparent}, nil},
		{"injection", []string{"00-" + traceID + "\n-00f067aa0ba902b7-01"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, ok)
			var headers []string
			for _, h := range test.headers {
				headers = append(headers, "Traceparent: "+h)
			}
			s.do(t.Context(), http.MethodGet, "/open", "", headers...)
			if got := s.lines(t)[0]["trace_id"]; got != test.want || strings.Contains(s.log.String(), "hush") {
				t.Errorf("trace_id %v, want %v", got, test.want)
			}
		})
	}
}

// scrape returns the metrics in Prometheus' format.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	registry := telemetry.NewMetrics("1")
	registry.Register(m.Collectors()...)
	w := httptest.NewRecorder()
	registry.WriteText(w)
	return w.Body.String()
}

func TestEveryReplyIsCountedByOperationAndStatus(t *testing.T) {
	t.Parallel()
	m := NewMetrics()
	var inside string
	s := serve(t, func(c echo.Context) error {
		inside = scrape(t, m)
		return ok(c)
	}, func(s *Stack) { s.Metrics = m })
	for _, target := range []string{"/open", "/nope/hush-1", "/nope/hush-2", "/things/hush-3"} {
		s.do(t.Context(), http.MethodGet, target, "")
	}
	s.do(t.Context(), "HUSH", "/open", "")
	s.do(t.Context(), http.MethodPut, "/things/1", "", "Authorization: Bearer hush-4")
	got := scrape(t, m)
	for labels, count := range map[string]int{
		`method="GET",route="/open",status="200"`:        1,
		`method="GET",route="unmatched",status="404"`:    2,
		`method="GET",route="unmatched",status="405"`:    1,
		`method="other",route="unmatched",status="405"`:  1,
		`method="PUT",route="/things/{id}",status="401"`: 1,
	} {
		if line := fmt.Sprintf("tenantry_http_request_duration_seconds_count{%s} %d\n", labels, count); !strings.Contains(got, line) {
			t.Errorf("no %s in\n%s", line, got)
		}
	}
	if strings.Contains(strings.ToLower(got), "hush") {
		t.Errorf("a text from a client becomes a label:\n%s", got)
	}
	if !strings.Contains(inside, "tenantry_http_requests_in_flight 1\n") || !strings.Contains(got, "tenantry_http_requests_in_flight 0\n") {
		t.Error("want a request to be counted as in flight only while it runs")
	}
}

func TestFailuresAreCountedAsTheClientSeesThem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler echo.HandlerFunc
		status  string
	}{
		"a server error": {func(echo.Context) error { return errors.New("why") }, "500"},
		"a panic":        {func(echo.Context) error { panic("why") }, "500"},
		"busy":           {func(echo.Context) error { return errs.New(errs.Busy, "No.") }, "503"},
		"in the middle of a reply": {func(c echo.Context) error {
			_ = ok(c)
			return errors.New("why")
		}, "200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := NewMetrics()
			s := serve(t, test.handler, func(s *Stack) { s.Metrics = m })
			func() {
				defer func() { _ = recover() }() // net/http handles the closed connection
				s.do(t.Context(), http.MethodGet, "/open", "")
			}()
			got := scrape(t, m)
			want := fmt.Sprintf("tenantry_http_request_duration_seconds_count{method=\"GET\",route=\"/open\",status=%q} 1\n", test.status)
			if !strings.Contains(got, want) || !strings.Contains(got, "in_flight 0\n") {
				t.Errorf("no %s in\n%s", want, got)
			}
		})
	}
}

func BenchmarkStack(b *testing.B) {
	s := serve(b, ok)
	r := httptest.NewRequest(http.MethodGet, "/open", nil)
	b.ReportAllocs()
	for b.Loop() {
		s.log.Reset()
		s.ServeHTTP(httptest.NewRecorder(), r)
	}
}
