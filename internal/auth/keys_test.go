package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

const otherSecretKey = "another-one-for-tests-8Kq2LmZr0TgXw4Yb"

func keysOf(t *testing.T, secretKey, previous string, asymmetric ...any) *Keys {
	t.Helper()
	var before [][]byte
	if previous != "" {
		before = append(before, []byte(previous))
	}
	k, err := NewKeys([]byte(secretKey), before, asymmetric...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func edKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func signedBy(t *testing.T, k *Keys) string {
	t.Helper()
	token, err := (&tokens{keys: k, now: atNoon}).sign(accessToken, someClaims())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func atNoon() time.Time { return noon }

func verifiedBy(k *Keys, token string) error {
	_, err := (&tokens{keys: k, now: atNoon}).verify(accessToken, token)
	return err
}

func TestAKeyIsChangedWithoutLoggingAnybodyOut(t *testing.T) {
	t.Parallel()
	ed, newEd, public := edKey(t), edKey(t), rsaKey(t)
	for name, change := range map[string]struct{ before, during, after *Keys }{
		"secret":           {keysOf(t, secretKey, ""), keysOf(t, otherSecretKey, secretKey), keysOf(t, otherSecretKey, "")},
		"secret to file":   {keysOf(t, secretKey, ""), keysOf(t, otherSecretKey, secretKey, ed), keysOf(t, secretKey, "", ed)},
		"file":             {keysOf(t, secretKey, "", ed), keysOf(t, secretKey, "", newEd, ed), keysOf(t, secretKey, "", newEd)},
		"file, as public":  {keysOf(t, secretKey, "", ed), keysOf(t, secretKey, "", newEd, ed.Public()), keysOf(t, secretKey, "", newEd)},
		"Ed25519 to RSA":   {keysOf(t, secretKey, "", ed), keysOf(t, secretKey, "", public, ed), keysOf(t, secretKey, "", public)},
		"file to a secret": {keysOf(t, secretKey, "", ed), keysOf(t, secretKey, "", newEd, ed), keysOf(t, secretKey, "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := signedBy(t, change.before)
			if err := verifiedBy(change.during, old); err != nil {
				t.Errorf("an old token isn't accepted during the change: %v", err)
			}
			if err := verifiedBy(change.during, signedBy(t, change.during)); err != nil {
				t.Errorf("a new token isn't accepted during the change: %v", err)
			}
			wantInvalid(t, verifiedBy(change.after, old), old)
			if name != "file to a secret" {
				if err := verifiedBy(change.after, signedBy(t, change.during)); err != nil {
					t.Errorf("a token of the change isn't accepted afterwards: %v", err)
				}
			}
		})
	}
}

// Instances are restarted one after the other, so two successive steps are in service at the same
// time.
func TestInstancesOfTwoStepsVerifyEachOthersTokens(t *testing.T) {
	t.Parallel()
	ed, newEd := edKey(t), edKey(t)
	for name, steps := range map[string][]*Keys{
		"secret": {keysOf(t, secretKey, ""), keysOf(t, secretKey, otherSecretKey), keysOf(t, otherSecretKey, secretKey), keysOf(t, otherSecretKey, "")},
		"secret to file": {
			keysOf(t, secretKey, ""), keysOf(t, secretKey, "", ed.Public()), keysOf(t, secretKey, secretKey, ed), keysOf(t, secretKey, "", ed),
		},
		"file": {keysOf(t, secretKey, "", ed), keysOf(t, secretKey, "", ed, newEd), keysOf(t, secretKey, "", newEd, ed), keysOf(t, secretKey, "", newEd)},
	} {
		for i := range steps[1:] {
			for _, pair := range [][2]*Keys{{steps[i], steps[i+1]}, {steps[i+1], steps[i]}} {
				// Before the last step, all tokens of the first key have expired.
				if err := verifiedBy(pair[0], signedBy(t, pair[1])); err != nil && (i < len(steps)-2 || pair[0] == steps[i]) {
					t.Errorf("%s, steps %d and %d: %v", name, i+1, i+2, err)
				}
			}
		}
	}
}

// The classic attack on asymmetric tokens uses the public key as an HMAC secret.
func TestAPublicKeyIsNotASecret(t *testing.T) {
	t.Parallel()
	for name, private := range map[string]crypto.Signer{"Ed25519": edKey(t), "RSA": rsaKey(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := keysOf(t, secretKey, otherSecretKey, private)
			kid := keys.list[0].id
			der, err := x509.MarshalPKIXPublicKey(private.Public())
			if err != nil {
				t.Fatal(err)
			}
			secrets := []string{string(der), kid}
			if ed, ok := private.Public().(ed25519.PublicKey); ok {
				secrets = append(secrets, string(ed))
			}
			for _, secret := range secrets {
				for _, header := range []string{
					ours, `{"alg":"HS256","typ":"at+jwt","kid":"` + kid + `"}`, `{"alg":"EdDSA","typ":"at+jwt","kid":"` + kid + `"}`, `{"alg":"RS256","typ":"at+jwt"}`,
				} {
					token := forge(sha256.New, secret, header, payload(t, nil))
					wantInvalid(t, verifiedBy(keys, token), token)
				}
			}
			// SECRET_KEY no longer signs tokens, only other things.
			token := forge(sha256.New, secretKey, ours, payload(t, nil))
			wantInvalid(t, verifiedBy(keys, token), token)
		})
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short := secretKey[:31]
	for name, create := range map[string]func() (*Keys, error){
		"short":                 func() (*Keys, error) { return NewKeys([]byte(short), nil) },
		"none":                  func() (*Keys, error) { return NewKeys(nil, nil) },
		"short previous":        func() (*Keys, error) { return NewKeys([]byte(secretKey), [][]byte{[]byte(short)}) },
		"short previous, file":  func() (*Keys, error) { return NewKeys([]byte(secretKey), [][]byte{[]byte(short)}, edKey(t)) },
		"elliptic curve":        func() (*Keys, error) { return NewKeys([]byte(secretKey), nil, ec) },
		"public before private": func() (*Keys, error) { return NewKeys([]byte(secretKey), nil, edKey(t).Public(), edKey(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := create(); err == nil || strings.Contains(err.Error(), short) {
				t.Errorf("error %v, want one without the key", err)
			}
		})
	}
	if _, err := NewKeys([]byte(short+"x"), nil); err != nil {
		t.Errorf("error %v for 32 bytes", err)
	}
}

func TestKeySetHasThePublicHalvesOnly(t *testing.T) {
	t.Parallel()
	ed, old := edKey(t), rsaKey(t)
	keys := keysOf(t, secretKey, otherSecretKey, ed, old)
	encoded, err := keys.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal(encoded, &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 2 {
		t.Fatalf("%d keys, want the two asymmetric ones: %s", len(set.Keys), encoded)
	}
	for i, want := range []map[string]string{
		{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": keys.list[0].id, "x": encode(string(ed.Public().(ed25519.PublicKey)))},
		{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": keys.list[1].id, "e": "AQAB", "n": encode(string(old.N.Bytes()))},
	} {
		for name, value := range want {
			if set.Keys[i][name] != value {
				t.Errorf("key %d has %s %q, want %q", i, name, set.Keys[i][name], value)
			}
		}
		if len(set.Keys[i]) != len(want) {
			t.Errorf("key %d has additional members: %v", i, set.Keys[i])
		}
	}
	if encoded, err := keysOf(t, secretKey, otherSecretKey).JWKS(); err != nil || encoded != nil {
		t.Errorf("secrets give a key set: %s %v", encoded, err)
	}
}
