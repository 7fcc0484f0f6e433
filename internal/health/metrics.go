package health

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tenantry/tenantry/gen/api"
)

// scrapeTimeout is longer than a health check.
const scrapeTimeout = 3 * time.Second

// Collector returns the metric of the components' states. Frequent scrapes share the checks of
// Check: at most one round a second.
func (c *Checker) Collector() prometheus.Collector { return collector{c} }

type collector struct{ checker *Checker }

var up = prometheus.NewDesc("tenantry_component_up", "Whether a component works: 1 or 0.", []string{"component"}, nil)

// Describe implements prometheus.Collector.
func (collector) Describe(ch chan<- *prometheus.Desc) { ch <- up }

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	parts := c.checker.Check(ctx).Components
	for name, part := range map[string]api.ComponentHealth{"database": parts.Database, "schema": parts.Schema, "redis": parts.Redis} {
		switch part.Status {
		case api.ComponentStatusOk:
			ch <- prometheus.MustNewConstMetric(up, prometheus.GaugeValue, 1, name)
		case api.ComponentStatusDown:
			ch <- prometheus.MustNewConstMetric(up, prometheus.GaugeValue, 0, name)
		case api.ComponentStatusDegraded, api.ComponentStatusDisabled:
		}
	}
}
