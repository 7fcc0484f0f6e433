package middleware

import (
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/telemetry"
)

// buckets are in seconds: most requests take milliseconds, a log-in a quarter of a second; the time
// limit is 30.
var buckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// Metrics has the metrics of requests.
type Metrics struct {
	requests    *prometheus.HistogramVec
	inFlight    prometheus.Gauge
	rateLimited *prometheus.CounterVec
	legacyCalls *prometheus.CounterVec
}

// NewMetrics returns metrics with all counters at zero.
func NewMetrics() *Metrics {
	m := &Metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tenantry_http_request_duration_seconds", Buckets: buckets,
			Help: "How long requests took, by method, route of the document and status. 499: the client went away.",
		}, []string{"method", "route", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tenantry_http_requests_in_flight", Help: "Requests that are being served.",
		}),
		rateLimited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tenantry_http_requests_rate_limited_total", Help: "Requests refused because of a rate limit, by its class.",
		}, []string{"class"}),
		legacyCalls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tenantry_legacy_calls_total", Help: "Calls of deprecated paths, by operation.",
		}, []string{"operation"}),
	}
	// Created at zero, so that the first refusal shows as an increase.
	for _, class := range []access.RateClass{access.RateDefault, access.RateLogin, access.RateRefresh, access.RatePassword} {
		m.rateLimited.WithLabelValues(string(class))
	}
	return m
}

// Collectors returns the metrics for a registry.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.requests, m.inFlight, m.rateLimited, m.legacyCalls}
}

// measure counts requests and their durations. The label route is a path template of the document,
// never a path that the client sent.
func (s Stack) measure() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r, start := access.RequestFrom(c.Request().Context()), time.Now()
			s.Metrics.inFlight.Inc()
			// Deferred, because closing the connection early is a panic.
			defer func() {
				s.Metrics.inFlight.Dec()
				status := strconv.Itoa(c.Response().Status)
				s.Metrics.requests.WithLabelValues(telemetry.KnownMethod(r.Method), route(r), status).Observe(time.Since(start).Seconds())
			}()
			return next(c)
		}
	}
}
