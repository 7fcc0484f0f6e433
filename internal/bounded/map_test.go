package bounded_test

import (
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/bounded"
)

var start = time.Unix(0, 0)

func wants(t *testing.T, m *bounded.Map[int, string], key int, want string) {
	t.Helper()
	if got, ok, _ := m.Get(key); got != want || ok != (want != "") {
		t.Errorf("%d: %q, %t; want %q", key, got, ok, want)
	}
}

func TestMapIsBounded(t *testing.T) {
	t.Parallel()
	m := bounded.NewMap[int, string](100, 0)
	m.Put(-1, "in use", start)
	for key := range 10_000 {
		m.Put(key, "another", start.Add(time.Duration(key)*time.Hour))
		if m.Len() > 100 {
			t.Fatalf("%d entries, want 100 at most", m.Len())
		}
		if _, ok, aging := m.Get(-1); !ok {
			t.Fatalf("an entry that is in use is dropped after %d others", key)
		} else if aging {
			m.Put(-1, "in use", start)
		}
	}
	wants(t, m, 9_999, "another")
	wants(t, m, 0, "")
}

func TestEntriesHaveALifetime(t *testing.T) {
	t.Parallel()
	m := bounded.NewMap[int, string](100, time.Minute)
	m.Put(0, "begins", start)
	m.Put(1, "late", start.Add(59*time.Second))
	m.Put(2, "next", start.Add(time.Minute))
	m.Put(3, "at the end", start.Add(119*time.Second-1))
	wants(t, m, 1, "late") // younger than a minute
	m.Put(4, "after two", start.Add(2*time.Minute))
	wants(t, m, 1, "")
	wants(t, m, 2, "next")
}

func TestDeletedEntriesAreInNeitherGeneration(t *testing.T) {
	t.Parallel()
	m := bounded.NewMap[int, string](100, time.Minute)
	m.Put(1, "old", start)
	m.Put(1, "new", start.Add(time.Minute))
	m.Put(2, "stays", start.Add(time.Minute))
	m.DeleteFunc(func(key int, _ string) bool { return key == 1 })
	wants(t, m, 1, "")
	wants(t, m, 2, "stays")
}
