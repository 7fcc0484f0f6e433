package auth

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// BenchmarkStage measures the verification of a token, and the look-up of a verified one.
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
	v := newTokenCache()
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
				b.Fatal("the token is not cached")
			}
		}
	})
}
