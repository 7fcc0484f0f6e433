package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/admission"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/store"
)

// poolCollector shows the pools of database connections.
type poolCollector struct {
	pools                                     func() []store.PoolStats
	connections, maximum, waits, waitDuration *prometheus.Desc
}

func newPoolCollector(pools func() []store.PoolStats) *poolCollector {
	return &poolCollector{
		pools:        pools,
		connections:  desc("db_connections", "Open connections to the database, by pool and state.", "pool", "state"),
		maximum:      desc("db_connections_max", "The most connections that a pool opens.", "pool"),
		waits:        desc("db_connection_waits_total", "How often someone had to wait for a connection.", "pool"),
		waitDuration: desc("db_connection_wait_seconds_total", "How long they waited, all together.", "pool"),
	}
}

// Describe implements prometheus.Collector.
func (c *poolCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.connections, c.maximum, c.waits, c.waitDuration} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *poolCollector) Collect(ch chan<- prometheus.Metric) {
	for _, s := range c.pools() {
		ch <- prometheus.MustNewConstMetric(c.connections, prometheus.GaugeValue, float64(s.InUse), s.Pool, "in_use")
		ch <- prometheus.MustNewConstMetric(c.connections, prometheus.GaugeValue, float64(s.Idle), s.Pool, "idle")
		ch <- prometheus.MustNewConstMetric(c.maximum, prometheus.GaugeValue, float64(s.Max), s.Pool)
		ch <- prometheus.MustNewConstMetric(c.waits, prometheus.CounterValue, float64(s.Waits), s.Pool)
		ch <- prometheus.MustNewConstMetric(c.waitDuration, prometheus.CounterValue, s.WaitedTime.Seconds(), s.Pool)
	}
}

// shareCollector shows the places for each kind of work.
type shareCollector struct {
	shares                           func() []admission.Stats
	requests, places, waits, refused *prometheus.Desc
}

func newShareCollector(shares func() []admission.Stats) *shareCollector {
	return &shareCollector{
		shares:   shares,
		requests: desc("work_requests", "Requests that have a place or wait for one, by kind of work and state.", "work", "state"),
		places:   desc("work_places", "Places for requests of a kind of work, of all tenants together.", "work"),
		waits:    desc("work_waits_total", "Requests that had to wait for a place, by kind of work.", "work"),
		refused:  desc("work_refused_total", "Requests that got no place, by kind of work.", "work"),
	}
}

// Describe implements prometheus.Collector.
func (c *shareCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.requests, c.places, c.waits, c.refused} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *shareCollector) Collect(ch chan<- prometheus.Metric) {
	for _, s := range c.shares() {
		work := string(s.Work)
		ch <- prometheus.MustNewConstMetric(c.requests, prometheus.GaugeValue, float64(s.Held), work, "running")
		ch <- prometheus.MustNewConstMetric(c.requests, prometheus.GaugeValue, float64(s.Waiting), work, "waiting")
		ch <- prometheus.MustNewConstMetric(c.places, prometheus.GaugeValue, float64(s.Total), work)
		ch <- prometheus.MustNewConstMetric(c.waits, prometheus.CounterValue, float64(s.Waits), work)
		ch <- prometheus.MustNewConstMetric(c.refused, prometheus.CounterValue, float64(s.Refused), work)
	}
}

// sessionCollector shows how sessions are checked.
type sessionCollector struct {
	checks        func() auth.Checks
	checked, live *prometheus.Desc
}

func newSessionCollector(checks func() auth.Checks) *sessionCollector {
	return &sessionCollector{
		checks:  checks,
		checked: desc("session_checks_total", "Requests with a good token, by where the state of their session was from: memory or database.", "source"),
		live:    desc("invalidation_live", "Whether changes that others announce would be heard, so that sessions may be remembered: 1 or 0."),
	}
}

// Describe implements prometheus.Collector.
func (c *sessionCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.checked
	ch <- c.live
}

// Collect implements prometheus.Collector.
func (c *sessionCollector) Collect(ch chan<- prometheus.Metric) {
	checks := c.checks()
	ch <- prometheus.MustNewConstMetric(c.checked, prometheus.CounterValue, float64(checks.Remembered), "memory")
	ch <- prometheus.MustNewConstMetric(c.checked, prometheus.CounterValue, float64(checks.Asked), "database")
	live := 0.0
	if checks.Live {
		live = 1
	}
	ch <- prometheus.MustNewConstMetric(c.live, prometheus.GaugeValue, live)
}

// sealCollector shows how the audit trail is sealed.
type sealCollector struct {
	stats                func() audit.SealStats
	sealed, lag, refused *prometheus.Desc
}

func newSealCollector(stats func() audit.SealStats) *sealCollector {
	return &sealCollector{
		stats:   stats,
		sealed:  desc("audit_sealed_entries_total", "Audit entries that this instance has sealed."),
		lag:     desc("audit_seal_lag_seconds", "How long audit entries have waited for their seal, for the tenant that waits longest."),
		refused: desc("audit_refused_tenants", "Tenants whose audit trail was put back or cut off, so that it isn't sealed."),
	}
}

// Describe implements prometheus.Collector.
func (c *sealCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.sealed, c.lag, c.refused} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *sealCollector) Collect(ch chan<- prometheus.Metric) {
	stats := c.stats()
	ch <- prometheus.MustNewConstMetric(c.sealed, prometheus.CounterValue, float64(stats.Sealed))
	ch <- prometheus.MustNewConstMetric(c.lag, prometheus.GaugeValue, stats.Lag.Seconds())
	ch <- prometheus.MustNewConstMetric(c.refused, prometheus.GaugeValue, float64(stats.Refused))
}

// componentTimeout is more than a health check takes.
const componentTimeout = 3 * time.Second

// componentCollector shows which parts are well. Health bounds and caches its checks, so that a storm of scrapes stays harmless.
type componentCollector struct {
	health func(context.Context) api.Health
	up     *prometheus.Desc
}

func newComponentCollector(health func(context.Context) api.Health) *componentCollector {
	return &componentCollector{health: health, up: desc("component_up", "Whether a part that the program works with is well: 1 or 0.", "component")}
}

// Describe implements prometheus.Collector.
func (c *componentCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.up }

// Collect implements prometheus.Collector.
func (c *componentCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), componentTimeout)
	defer cancel()
	parts := c.health(ctx).Components
	for name, part := range map[string]api.ComponentHealth{"database": parts.Database, "schema": parts.Schema, "redis": parts.Redis} {
		switch part.Status {
		case api.ComponentStatusOk:
			ch <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, 1, name)
		case api.ComponentStatusDown:
			ch <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, 0, name)
		case api.ComponentStatusDisabled:
		}
	}
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}
