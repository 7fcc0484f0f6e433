package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/lestrrat-go/jwx/v2/jwt"

	"github.com/tenantry/tenantry/internal/errs"
)

// tokenType is the typ header of a token (RFC 8725, section 3.11). It keeps an access token and a
// refresh token from being used for each other.
type tokenType string

const (
	accessToken  tokenType = "at+jwt" // RFC 9068
	refreshToken tokenType = "rt+jwt"
)

const (
	issuer   = "tenantry"
	audience = "tenantry"
	// clockSkew is the maximum difference between the clocks of two instances.
	clockSkew = 30 * time.Second
)

// claims are the contents of our tokens. Role and state are not included: they are read from the
// database.
type claims struct {
	ID        uuid.UUID // jti
	UserID    uuid.UUID // sub
	TenantID  uuid.UUID // tid
	SessionID uuid.UUID // sid
	IssuedAt  time.Time // whole seconds
	ExpiresAt time.Time // whole seconds
}

// wireClaims is the JSON form of claims.
type wireClaims struct {
	Issuer    string    `json:"iss"`
	Audience  string    `json:"aud"`
	UserID    uuid.UUID `json:"sub"`
	TenantID  uuid.UUID `json:"tid"`
	SessionID uuid.UUID `json:"sid"`
	ID        uuid.UUID `json:"jti"`
	IssuedAt  int64     `json:"iat"`
	NotBefore int64     `json:"nbf"`
	ExpiresAt int64     `json:"exp"`
}

// tokens signs and verifies JWTs. Only this file and keys.go use the JWT library.
type tokens struct {
	keys *Keys
	now  func() time.Time
}

// sign returns the signed token. The same claims give the same token.
func (t *tokens) sign(typ tokenType, c claims) (string, error) {
	payload, err := json.Marshal(wireClaims{
		Issuer: issuer, Audience: audience, UserID: c.UserID, TenantID: c.TenantID, SessionID: c.SessionID, ID: c.ID,
		IssuedAt: c.IssuedAt.Unix(), NotBefore: c.IssuedAt.Unix(), ExpiresAt: c.ExpiresAt.Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	headers := jws.NewHeaders()
	if err := headers.Set(jws.TypeKey, string(typ)); err != nil {
		return "", fmt.Errorf("set token type: %w", err)
	}
	signer := t.keys.signer
	if signer.id != "" {
		if err := headers.Set(jws.KeyIDKey, signer.id); err != nil {
			return "", fmt.Errorf("set key id: %w", err)
		}
	}
	signed, err := jws.Sign(payload, jws.WithKey(signer.algorithm, signer.signs, jws.WithProtectedHeaders(headers)))
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return string(signed), nil
}

// verify returns the claims of a currently valid token of this type. It returns errs.TokenExpired
// or errs.InvalidToken. The key determines the algorithm. A token that names another algorithm, or
// has critical header extensions (RFC 7515, section 4.1.11), is invalid.
func (t *tokens) verify(typ tokenType, raw string) (claims, error) {
	var payload []byte
	var message *jws.Message
	var by tokenKey
	var err error
	for _, by = range t.keys.list {
		message = jws.NewMessage()
		payload, err = jws.Verify([]byte(raw), jws.WithKey(by.algorithm, by.verifies), jws.WithMessage(message), jws.WithCompact())
		if err == nil {
			break
		}
	}
	if err != nil {
		return claims{}, invalidToken(err)
	}
	headers := message.Signatures()[0].ProtectedHeaders()
	if got := headers.Type(); got != string(typ) {
		return claims{}, invalidToken(fmt.Errorf("type is %q, not %q", got, typ))
	}
	if got := headers.Algorithm(); got != by.algorithm {
		return claims{}, invalidToken(fmt.Errorf("algorithm is %q, not %q", got, by.algorithm))
	}
	if _, ok := headers.Get(jws.CriticalKey); ok {
		return claims{}, invalidToken(errors.New("critical headers are not supported"))
	}
	_, err = jwt.Parse(payload, jwt.WithVerify(false), // the signature is verified above
		jwt.WithValidate(true), jwt.WithClock(jwt.ClockFunc(t.now)), jwt.WithAcceptableSkew(clockSkew),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithRequiredClaim(jwt.ExpirationKey), jwt.WithRequiredClaim(jwt.IssuedAtKey), jwt.WithRequiredClaim(jwt.NotBeforeKey))
	if errors.Is(err, jwt.ErrTokenExpired()) {
		return claims{}, errs.New(errs.TokenExpired, "The token has expired. Refresh it, or log in again.").Because(err)
	}
	if err != nil {
		return claims{}, invalidToken(err)
	}
	var w wireClaims
	if err := json.Unmarshal(payload, &w); err != nil {
		return claims{}, invalidToken(err)
	}
	return claims{
		ID: w.ID, UserID: w.UserID, TenantID: w.TenantID, SessionID: w.SessionID,
		IssuedAt: time.Unix(w.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(w.ExpiresAt, 0).UTC(),
	}, nil
}

func invalidToken(cause error) error {
	return errs.New(errs.InvalidToken, "This is not a valid token. Log in again.").Because(cause)
}
