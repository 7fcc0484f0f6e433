package store

import (
	"database/sql"
	"time"
)

// PoolStats is how busy a pool of connections is, whatever the engine.
type PoolStats struct {
	Pool       string // "main", or "reader" and "writer" of SQLite
	Max        int
	InUse      int
	Idle       int
	Waits      int64 // how often someone had to wait for a connection, since the start
	WaitedTime time.Duration
}

// Stats returns the state of each pool of connections. It asks no server.
func (s *Store) Stats() []PoolStats { return s.database.stats() }

// UsedUp reports whether all connections that answer questions are in use at the moment. It asks no server.
func (s *Store) UsedUp() bool {
	first := s.Stats()[0] // with SQLite the readers
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
