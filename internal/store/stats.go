package store

import (
	"database/sql"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// PoolStats is the state of a connection pool, for every engine.
type PoolStats struct {
	Pool       string // "main", or "reader" and "writer" of SQLite
	Max        int
	InUse      int
	Idle       int
	Waits      int64 // how often a caller had to wait for a connection, since the start
	WaitedTime time.Duration
}

// Stats returns the state of each pool of connections. It doesn't ask the server.
func (s *Store) Stats() []PoolStats { return s.database.stats() }

// Collectors returns the metrics of the connection pools.
func (s *Store) Collectors() []prometheus.Collector {
	var all []prometheus.Collector
	for i, pool := range s.Stats() {
		now := func(value func(PoolStats) float64) func() float64 {
			return func() float64 { return value(s.Stats()[i]) }
		}
		gauge := func(name, help, state string, value func(PoolStats) float64) {
			labels := prometheus.Labels{"pool": pool.Pool}
			if state != "" {
				labels["state"] = state
			}
			all = append(all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, now(value)))
		}
		counter := func(name, help string, value func(PoolStats) float64) {
			labels := prometheus.Labels{"pool": pool.Pool}
			all = append(all, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, now(value)))
		}
		const open = "Open connections to the database, by pool and state."
		gauge("tenantry_db_connections", open, "in_use", func(s PoolStats) float64 { return float64(s.InUse) })
		gauge("tenantry_db_connections", open, "idle", func(s PoolStats) float64 { return float64(s.Idle) })
		gauge("tenantry_db_connections_max", "The maximum number of connections of a pool.", "", func(s PoolStats) float64 { return float64(s.Max) })
		counter("tenantry_db_connection_waits_total", "Requests for a connection that had to wait.", func(s PoolStats) float64 { return float64(s.Waits) })
		counter("tenantry_db_connection_wait_seconds_total", "Total time of waiting for a connection.", func(s PoolStats) float64 { return s.WaitedTime.Seconds() })
	}
	return all
}

// UsedUp reports whether all connections for reading are in use. It doesn't ask the server.
func (s *Store) UsedUp() bool {
	first := s.Stats()[0] // on SQLite the readers
	return first.InUse >= first.Max
}

func (d *postgresDriver) stats() []PoolStats {
	s := d.pool.Stat()
	return []PoolStats{{
		Pool: "main", Max: int(s.MaxConns()), InUse: int(s.AcquiredConns()), Idle: int(s.IdleConns()),
		Waits: s.EmptyAcquireCount(), WaitedTime: s.EmptyAcquireWaitTime(),
	}}
}

func (d *sqlDriver) stats() []PoolStats {
	if d.reader == d.writer {
		return []PoolStats{sqlStats("main", d.writer)}
	}
	return []PoolStats{sqlStats("reader", d.reader), sqlStats("writer", d.writer)}
}

func sqlStats(name string, pool *sql.DB) PoolStats {
	s := pool.Stats()
	return PoolStats{Pool: name, Max: s.MaxOpenConnections, InUse: s.InUse, Idle: s.Idle, Waits: s.WaitCount, WaitedTime: s.WaitDuration}
}
