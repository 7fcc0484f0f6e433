// Package telemetry tells operators what the program does: in logs, metrics, traces and reports of errors. All but the log
// are optional, and nil values of their types do nothing.
package telemetry

import (
	"context"
	"net/http"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/admission"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/store"
)

const namespace = "tenantry"

// Unmatched is the route of requests for which the document has no operation.
const Unmatched = "unmatched"

// buckets, in seconds: most requests take milliseconds, a log-in a quarter of a second, and none more than the time limit of 30.
var buckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// liveHeap is go_gc_heap_live_bytes: what the last collection of garbage found in use. Unlike the heap in use it only grows if something is kept.
var liveHeap = collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile("^/gc/heap/live:bytes$")}

// Metrics are what Prometheus asks for. A nil *Metrics counts nothing.
type Metrics struct {
	registry *prometheus.Registry
	page     http.Handler

	requests    *prometheus.HistogramVec
	inFlight    prometheus.Gauge
	rateLimited *prometheus.CounterVec
	logins      *prometheus.CounterVec
	omitted     prometheus.Counter
	legacyCalls *prometheus.CounterVec
	redisCalls  prometheus.Counter
	redisFailed prometheus.Counter
}

// NewMetrics returns metrics in a registry of their own.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "http_request_duration_seconds", Buckets: buckets,
			Help: "How long requests took, by method, route of the document and status. 499: the client went away.",
		}, []string{"method", "route", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "http_requests_in_flight", Help: "Requests that are being served.",
		}),
		rateLimited: counters("http_requests_rate_limited_total", "Requests refused because of a rate limit, by its class.", "class"),
		logins:      counters("login_attempts_total", "Attempts to log in, by outcome.", "outcome"),
		omitted:     counter("audit_entries_omitted_total", "Failed attempts of strangers that the audit trail doesn't have, because there were too many."),
		legacyCalls: counters("legacy_calls_total", "Calls of deprecated paths, by operation.", "operation"),
		redisCalls:  counter("redis_calls_total", "Calls of Redis, failed ones included."),
		redisFailed: counter("redis_call_failures_total", "Calls of Redis that failed."),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "What runs here; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision(), "goversion": runtime.Version()},
	})
	build.Set(1)
	// What can be counted is there from the start, so that the first one is an increase.
	for _, outcome := range auth.LoginOutcomes {
		m.logins.WithLabelValues(string(outcome))
	}
	m.registry.MustRegister(
		m.requests, m.inFlight, m.rateLimited, m.logins, m.omitted, m.legacyCalls, m.redisCalls, m.redisFailed, build,
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(liveHeap)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.page = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func counters(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
}

// revision is the commit that the program was built from, if the builder knew.
func revision() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

// Sources return the state of parts of the program at the moment of the call.
type Sources struct {
	Pools    func() []store.PoolStats
	Shares   func() []admission.Stats // of the places for each kind of work
	Sessions func() auth.Checks
	Sealing  func() audit.SealStats
	Health   func(context.Context) api.Health
}

// Watch adds metrics whose values come from sources each time Prometheus asks.
func (m *Metrics) Watch(s Sources) {
	m.registry.MustRegister(
		newPoolCollector(s.Pools), newShareCollector(s.Shares), newSessionCollector(s.Sessions), newSealCollector(s.Sealing), newComponentCollector(s.Health),
	)
}

// RequestStarted counts a request as in flight until RequestEnded.
func (m *Metrics) RequestStarted() {
	if m != nil {
		m.inFlight.Inc()
	}
}

// RequestEnded counts a request. route is a template of the document, or Unmatched: both sets are small.
func (m *Metrics) RequestEnded(method, route string, status int, took time.Duration) {
	if m != nil {
		m.inFlight.Dec()
		m.requests.WithLabelValues(knownMethod(method), route, strconv.Itoa(status)).Observe(took.Seconds())
	}
}

// knownMethod keeps clients from inventing labels.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// RateLimited counts a request that was refused because of the rate limit of a class.
func (m *Metrics) RateLimited(class string) {
	if m != nil {
		m.rateLimited.WithLabelValues(class).Inc()
	}
}

// LoginEnded counts an attempt to log in.
func (m *Metrics) LoginEnded(outcome auth.LoginOutcome) {
	if m != nil {
		m.logins.WithLabelValues(string(outcome)).Inc()
	}
}

// EntryOmitted counts an audit entry about strangers that wasn't written because there were too many.
func (m *Metrics) EntryOmitted() {
	if m != nil {
		m.omitted.Inc()
	}
}

// LegacyCalled counts a call of an operation by a deprecated path.
func (m *Metrics) LegacyCalled(operation string) {
	if m != nil {
		m.legacyCalls.WithLabelValues(operation).Inc()
	}
}

// ServeHTTP answers Prometheus.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.page.ServeHTTP(w, r) }

// WriteText writes the metrics in Prometheus' text format, whatever a client would like.
func (m *Metrics) WriteText(w http.ResponseWriter) {
	m.page.ServeHTTP(w, &http.Request{Method: http.MethodGet, Header: http.Header{}})
}
