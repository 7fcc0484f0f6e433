package auth

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/errs"
)

const (
	secretKey = "only-for-tests-5rB0vV7mYk3sQxN2cJ8w"
	ours      = `{"alg":"HS256","typ":"at+jwt"}`
)

// noon is the time of issue of the tokens in these tests.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func someClaims() claims {
	return claims{
		ID:       uuid.MustParse("019371a0-5c00-7000-8000-000000000001"),
		UserID:   uuid.MustParse("019371a0-5c00-7000-8000-000000000002"),
		TenantID: uuid.MustParse("019371a0-5c00-7000-8000-000000000003"), SessionID: uuid.MustParse("019371a0-5c00-7000-8000-000000000004"),
		IssuedAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
}

// tokensAt returns tokens with a fixed clock.
func tokensAt(t *testing.T, now time.Time) *tokens {
	t.Helper()
	return &tokens{keys: keysOf(t, secretKey, ""), now: func() time.Time { return now }}
}

func signed(t *testing.T, typ tokenType) string {
	t.Helper()
	token, err := tokensAt(t, noon).sign(typ, someClaims())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// payload returns the JSON of a valid token with changes applied; a nil value removes a claim.
func payload(t *testing.T, changes map[string]any) string {
	t.Helper()
	c := someClaims()
	said := map[string]any{
		"iss": issuer, "aud": audience, "sub": c.UserID, "tid": c.TenantID, "sid": c.SessionID, "jti": c.ID,
		"iat": noon.Unix(), "nbf": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
	}
	maps.Copy(said, changes)
	maps.DeleteFunc(said, func(_ string, v any) bool { return v == nil })
	encoded, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// forge signs any header and payload.
func forge(h func() hash.Hash, key, header, payload string) string {
	content := encode(header) + "." + encode(payload)
	mac := hmac.New(h, []byte(key))
	mac.Write([]byte(content))
	return content + "." + encode(string(mac.Sum(nil)))
}

// wantInvalid fails unless err is errs.InvalidToken and doesn't contain the token.
func wantInvalid(t *testing.T, err error, token string) {
	t.Helper()
	if !errs.Is(err, errs.InvalidToken) {
		t.Fatalf("error %v for %s, want invalid_token", err, token)
	}
	for part := range strings.SplitSeq(token, ".") {
		if len(part) >= 16 && strings.Contains(err.Error(), part) {
			t.Errorf("the error repeats the token: %v", err)
		}
	}
}

func TestSignedTokenVerifies(t *testing.T) {
	t.Parallel()
	for _, typ := range []tokenType{accessToken, refreshToken} {
		token := signed(t, typ)
		if got, err := tokensAt(t, noon).verify(typ, token); err != nil || got != someClaims() {
			t.Errorf("%s: %+v, %v; want %+v", typ, got, err, someClaims())
		}
		if again := signed(t, typ); again != token {
			t.Errorf("%s: the same claims gave another token", typ)
		}
	}
}

func TestOneTypeOfTokenNeverPassesForTheOther(t *testing.T) {
	t.Parallel()
	for is, wanted := range map[tokenType]tokenType{accessToken: refreshToken, refreshToken: accessToken} {
		token := signed(t, is)
		_, err := tokensAt(t, noon).verify(wanted, token)
		wantInvalid(t, err, token)
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	honest := payload(t, nil)
	good := forge(sha256.New, secretKey, ours, honest)
	if _, err := tokensAt(t, noon).verify(accessToken, good); err != nil {
		t.Fatalf("a forged token with the correct key and claims must be valid, or this test proves nothing: %v", err)
	}
	parts := strings.Split(good, ".")
	withHeader := func(header string) string { return forge(sha256.New, secretKey, header, honest) }
	saying := func(claim string, value any) string {
		return forge(sha256.New, secretKey, ours, payload(t, map[string]any{claim: value}))
	}
	const otherKey = "another-key-5rB0vV7mYk3sQxN2cJ8w-another"

	for name, token := range map[string]string{
		"nothing":                   "",
		"nonsense":                  "nonsense",
		"dots":                      "..",
		"other key":                 forge(sha256.New, otherKey, ours, honest),
		"brings its own key":        forge(sha256.New, otherKey, `{"alg":"HS256","typ":"at+jwt","jwk":{"kty":"oct","k":"`+encode(otherKey)+`"}}`, honest),
		"no algorithm, unsigned":    encode(`{"alg":"none","typ":"at+jwt"}`) + "." + parts[1] + ".",
		"no algorithm, signed":      withHeader(`{"alg":"none","typ":"at+jwt"}`),
		"algorithm missing":         withHeader(`{"typ":"at+jwt"}`),
		"unsigned":                  parts[0] + "." + parts[1] + ".",
		"two parts":                 parts[0] + "." + parts[1],
		"HS384, same key":           forge(sha512.New384, secretKey, `{"alg":"HS384","typ":"at+jwt"}`, honest),
		"HS512, same key":           forge(sha512.New, secretKey, `{"alg":"HS512","typ":"at+jwt"}`, honest),
		"HS512 under an HS256 name": forge(sha512.New, secretKey, ours, honest),
		"RS256 name over an HMAC":   withHeader(`{"alg":"RS256","typ":"at+jwt"}`),
		"HS512 name over an HS256":  withHeader(`{"alg":"HS512","typ":"at+jwt"}`),
		"unknown critical header":   withHeader(`{"alg":"HS256","typ":"at+jwt","crit":["exp"],"exp":1}`),
		"critical b64":              withHeader(`{"alg":"HS256","typ":"at+jwt","crit":["b64"],"b64":true}`),
		"five parts, like JWE":      good + "." + parts[1] + "." + parts[2],
		"flattened JSON":            `{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`,
		"general JSON":              `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"}]}`,
		"type missing":              withHeader(`{"alg":"HS256"}`),
		"type JWT":                  withHeader(`{"alg":"HS256","typ":"JWT"}`),
		"type in another case":      withHeader(`{"alg":"HS256","typ":"AT+JWT"}`),
		"type not a string":         withHeader(`{"alg":"HS256","typ":["at+jwt"]}`),
		"iss missing":               saying("iss", nil),
		"iss of someone else":       saying("iss", "Tenantry"),
		"aud missing":               saying("aud", nil),
		"aud of someone else":       saying("aud", []string{"else"}),
		"exp missing":               saying("exp", nil),
		"exp not a number":          saying("exp", "never"),
		"iat missing":               saying("iat", nil),
		"nbf missing":               saying("nbf", nil),
		"nbf in the future":         saying("nbf", noon.Add(31*time.Second).Unix()),
		"tid not a UUID":            saying("tid", "1"),
		"payload not JSON":          forge(sha256.New, secretKey, ours, "nonsense"),
		"payload is a token":        forge(sha256.New, secretKey, ours, good),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tokensAt(t, noon).verify(accessToken, token)
			wantInvalid(t, err, token)
		})
	}
}

func TestTamperedTokenIsRefused(t *testing.T) {
	t.Parallel()
	token := signed(t, accessToken)
	verifier := tokensAt(t, noon)
	for i, part := range strings.Split(token, ".") {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatal(err)
		}
		for at := range raw {
			changed := bytes.Clone(raw)
			changed[at] ^= 1 << (at % 8)
			parts := strings.Split(token, ".")
			parts[i] = encode(string(changed))
			tampered := strings.Join(parts, ".")
			_, err := verifier.verify(accessToken, tampered)
			wantInvalid(t, err, tampered)
		}
	}
	for n := range token {
		_, err := verifier.verify(accessToken, token[:n])
		wantInvalid(t, err, token[:n])
	}
}

func TestTokenIsValidFromIssueToExpiryWithinTheSkew(t *testing.T) {
	t.Parallel()
	token := signed(t, accessToken)
	for _, test := range []struct {
		name string
		at   time.Time
		want errs.Code
	}{
		{"31 s before its issue", noon.Add(-31 * time.Second), errs.InvalidToken},
		{"30 s before its issue", noon.Add(-30 * time.Second), ""},
		{"at its issue", noon, ""},
		{"at its expiry", noon.Add(time.Hour), ""},
		{"29 s after its expiry", noon.Add(time.Hour + 29*time.Second), ""},
		{"30 s after its expiry", noon.Add(time.Hour + 30*time.Second), errs.TokenExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := tokensAt(t, test.at).verify(accessToken, token)
			if test.want == "" && err != nil || test.want != "" && !errs.Is(err, test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), token) {
				t.Errorf("the error repeats the token: %v", err)
			}
		})
	}
}
