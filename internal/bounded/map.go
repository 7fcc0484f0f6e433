// Package bounded has a map that forgets, so that strangers can't fill the memory with what is remembered of them.
package bounded

import (
	"maps"
	"time"
)

// Map holds a bounded number of entries in two generations. What is put goes into the younger one, and the elder one goes as a whole when
// the younger one is full or has had its time. So nothing has to be cleaned up, and what is put again in time stays. Like a map of Go's it
// may be read by several goroutines at once, and written to by one alone.
type Map[K comparable, V any] struct {
	perGeneration int
	lifetime      time.Duration
	young, old    map[K]V
	since         time.Time // of the younger generation
}

// NewMap returns one for at most n entries. Each stays for a lifetime after it was put, unless n/2 others are put meanwhile; after two, the next one
// that is put drives it out. A lifetime of 0 has no end.
func NewMap[K comparable, V any](n int, lifetime time.Duration) *Map[K, V] {
	return &Map[K, V]{perGeneration: n / 2, lifetime: lifetime, young: map[K]V{}}
}

// Get returns the value of a key, and whether there is one. It is aging if it goes next, unless it is put again.
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

// DeleteFunc forgets all entries for which del returns true.
func (m *Map[K, V]) DeleteFunc(del func(K, V) bool) {
	maps.DeleteFunc(m.young, del)
	maps.DeleteFunc(m.old, del)
}

// Len returns how many entries are held, at most n; one that was put in both generations' time counts as two.
func (m *Map[K, V]) Len() int { return len(m.young) + len(m.old) }
