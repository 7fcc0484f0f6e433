package config

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestWellKnownSecrets(t *testing.T) {
	t.Parallel()
	const tutorial = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"
	for _, key := range []string{
		tutorial,
		strings.ToUpper(tutorial),
		tutorial + tutorial,
		"  " + tutorial + "-prod",
		"changemechangemechangemechangeme",
		"CHANGE_ME!_CHANGE_ME!_CHANGE_ME!_CHANGE_ME!",
		"your-secret-key-here-change-in-production",
		"your-super-secret-key-change-this-in-production-1234567890",
		"your-secret-key-at-least-32-characters-long",
		"a-string-secret-at-least-256-bits-long",
		"secretsecretsecretsecretsecretsecret",
		"Please.Change.This.Secret.Before.Production",
		"tenantry-jwt-signing-key-2024-acme-corp",
	} {
		if !isWellKnown(key) {
			t.Errorf("%q is not recognised", key)
		}
	}
}

func TestGuessableSecrets(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		strings.Repeat("x", 64),
		strings.Repeat("ab", 32),
		strings.Repeat("aB3$xY7!", 8),
		strings.Repeat("aB3$xY7!", 5) + "aB3",
		"changeme" + strings.Repeat("0", 40),
		"aB3$xY7!" + strings.Repeat("0", 40),
		"0123456789abcdefghijklmnopqrstuvwxyz",
		"zyxwvutsrqponmlkjihgfedcba9876543210",
		"aabbaabacabbacabacbabcbabcabcbabcabbabcabc",
	} {
		if !isGuessable(key) {
			t.Errorf("%q is not recognised", key)
		}
	}
}

func TestRandomSecretsAreAccepted(t *testing.T) {
	t.Parallel()
	forms := map[string]func(random *rand.ChaCha8) string{
		"hex of 32 bytes":    func(r *rand.ChaCha8) string { return hex.EncodeToString(randomBytes(r, 32)) },
		"base64 of 32 bytes": func(r *rand.ChaCha8) string { return base64.RawURLEncoding.EncodeToString(randomBytes(r, 32)) },
		"base64 of 48 bytes": func(r *rand.ChaCha8) string { return base64.StdEncoding.EncodeToString(randomBytes(r, 48)) },
		"32 printable":       func(r *rand.ChaCha8) string { return printable(randomBytes(r, 32)) },
		"base64 of 24 bytes": func(r *rand.ChaCha8) string { return base64.StdEncoding.EncodeToString(randomBytes(r, 24)) },
	}
	for name, newKey := range forms {
		random := rand.NewChaCha8([32]byte{}) // its own, so that each run tests the same keys
		for range 4000 {
			if key := newKey(random); isWellKnown(key) || isGuessable(key) {
				t.Errorf("%s: %q is refused (well known: %v, guessable: %v)", name, key, isWellKnown(key), isGuessable(key))
			}
		}
	}
}

func randomBytes(random *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	random.Read(b)
	return b
}

func printable(b []byte) string {
	for i := range b {
		b[i] = '!' + b[i]%94
	}
	return string(b)
}
