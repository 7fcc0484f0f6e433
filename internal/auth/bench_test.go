package auth

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// BenchmarkStage measures what a token costs: to verify it, and to find out that it was verified before.
func BenchmarkStage(b *testing.B) {
	keys, err := NewKeys([]byte(strings.Repeat("k", 32)), nil)
	if err != nil {
		b.Fatal(err)
	}
	t, now := &tokens{keys: keys, now: time.Now}, time.Now()
	raw, err := t.sign(accessToken, claims{
		ID: uuid.New(), UserID: uuid.New(), TenantID: uuid.New(), SessionID: uuid.New(), IssuedAt: now, ExpiresAt: now.Add(time.Hour),
	})
	if err != nil {
		b.Fatal(err)
	}
	c, err := t.verify(accessToken, raw)
	if err != nil {
		b.Fatal(err)
	}
	v := newVerified()
	v.put(sha256.Sum256([]byte(raw)), c, now)
	b.Run("token/verified", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := t.verify(accessToken, raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("token/remembered", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := v.get(sha256.Sum256([]byte(raw)), time.Now()); !ok {
				b.Fatal("it isn't remembered")
			}
		}
	})
}
