// Package telemetry provides logs, metrics, traces and error reports. All but the log are optional;
// nil values of their types do nothing.
package telemetry

import (
	"net/http"
	"regexp"
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Unmatched is the route of requests without an operation in the document.
const Unmatched = "unmatched"

// liveHeap selects go_gc_heap_live_bytes: bytes that were in use at the last garbage collection.
var liveHeap = collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile("^/gc/heap/live:bytes$")}

// Metrics is the registry that Prometheus scrapes. Each metric is declared in the package that it
// measures.
type Metrics struct {
	registry *prometheus.Registry
	page     http.Handler
}

// NewMetrics returns a registry with the metrics of the build, the Go runtime and the process.
func NewMetrics(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tenantry_build_info", Help: "What runs here; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision(), "goversion": runtime.Version()},
	})
	build.Set(1)
	m.Register(
		build,
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(liveHeap)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.page = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

// Register adds collectors. It panics if a metric has the same name and labels as another.
func (m *Metrics) Register(all ...prometheus.Collector) { m.registry.MustRegister(all...) }

// revision returns the commit that the program was built from, or "" if it isn't known.
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

// KnownMethod returns a standard HTTP method, or "other" for any other text, so that clients can't
// create values of a label.
func KnownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// ServeHTTP serves the metrics to Prometheus.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.page.ServeHTTP(w, r) }

// WriteText writes the metrics in Prometheus' text format. It doesn't negotiate the format.
func (m *Metrics) WriteText(w http.ResponseWriter) {
	m.page.ServeHTTP(w, &http.Request{Method: http.MethodGet, Header: http.Header{}})
}
