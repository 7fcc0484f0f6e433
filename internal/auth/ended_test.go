package auth

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestEndedAreRememberedAsLongAsTheirTokensWork(t *testing.T) {
	t.Parallel()
	const keep = 30 * time.Minute
	now := time.Unix(1_000_000, 0)
	e := newEnded(keep, 1000)
	first := uuid.New()
	e.add(now, first)
	for range 29 {
		now = now.Add(time.Minute)
		e.add(now, uuid.New())
		if !e.has(first) {
			t.Fatalf("forgotten after %s, and its tokens still work", now.Sub(time.Unix(1_000_000, 0)))
		}
	}
	for range 3 {
		now = now.Add(keep)
		e.add(now, uuid.New())
	}
	if e.has(first) || e.size() > 2 {
		t.Errorf("%d sessions are remembered whose tokens have expired long ago", e.size())
	}
	if e.has(uuid.New()) {
		t.Error("a session that never ended")
	}
}

func TestEndedAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	e := newEnded(time.Hour, 1000)
	var last uuid.UUID
	for range 10_000 {
		last = uuid.New()
		e.add(now, last)
		if e.size() > 1000 {
			t.Fatalf("%d sessions, want 1000 at most", e.size())
		}
	}
	if !e.has(last) {
		t.Error("the newest is forgotten")
	}
}

func TestHearEndedTakesIdsAlone(t *testing.T) {
	t.Parallel()
	s := &Service{ended: newEnded(time.Hour, 10), opts: Options{Now: time.Now}}
	id, other := uuid.New(), uuid.New()
	s.HearEnded("")
	s.HearEnded("nonsense," + id.String() + ",," + other.String() + "x")
	if !s.ended.has(id) || s.ended.size() != 1 {
		t.Errorf("%d sessions, want the one whose id is one", s.ended.size())
	}
}
