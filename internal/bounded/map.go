// Package bounded has a map with a limited number of entries, for data that unauthenticated clients
// can add.
package bounded

import (
	"maps"
	"time"
)

// Map holds a limited number of entries in two generations. Put adds to the young generation. When
// that is full or its lifetime is over, it becomes the old one, and the entries of the old one are
// dropped. So no clean-up is needed, and entries that are put again in time stay. Like a Go map, it
// allows concurrent reads, but no write concurrent with other calls.
type Map[K comparable, V any] struct {
	perGeneration int
	lifetime      time.Duration
	young, old    map[K]V
	since         time.Time // start of the young generation
}

// NewMap returns a map for at most n entries. An entry stays at least for lifetime after it was
// put, unless n/2 others are put meanwhile. It is dropped at the first Put after twice the
// lifetime. If lifetime is 0, entries are dropped only for space.
func NewMap[K comparable, V any](n int, lifetime time.Duration) *Map[K, V] {
	return &Map[K, V]{perGeneration: n / 2, lifetime: lifetime, young: map[K]V{}}
}

// Get returns the value of a key, and whether it exists. aging means that it is in the old
// generation, and is dropped next unless it is put again.
func (m *Map[K, V]) Get(key K) (value V, ok, aging bool) {
	if value, ok = m.young[key]; ok {
		return value, true, false
	}
	value, ok = m.old[key]
	return value, ok, ok
}

// Put sets the value of a key.
func (m *Map[K, V]) Put(key K, value V, now time.Time) {
	if len(m.young) >= m.perGeneration || m.lifetime > 0 && now.Sub(m.since) >= m.lifetime {
		m.old, m.young, m.since = m.young, map[K]V{}, now
	}
	m.young[key] = value
}

// DeleteFunc deletes all entries for which del returns true.
func (m *Map[K, V]) DeleteFunc(del func(K, V) bool) {
	maps.DeleteFunc(m.young, del)
	maps.DeleteFunc(m.old, del)
}

// Len returns the number of entries, at most n. A key in both generations counts twice.
func (m *Map[K, V]) Len() int { return len(m.young) + len(m.old) }
