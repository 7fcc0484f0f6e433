package auth

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// minKeyLen is the length of an HS256 hash (RFC 7518, section 3.2).
const minKeyLen = 32

// tokenKey signs and verifies tokens, or only verifies them. Each key has one algorithm; the
// algorithm in a token's header is never used to choose one.
type tokenKey struct {
	id        string // kid of the header; empty for a shared secret, which has no public name
	algorithm jwa.SignatureAlgorithm
	signs     any // nil if the key only verifies
	verifies  any
}

// Keys are the keys of tokens. One signs; all verify.
type Keys struct {
	signer tokenKey
	list   []tokenKey
}

// NewKeys returns the keys of an installation. If the first asymmetric key is private, it signs,
// and secretKey does not verify tokens. If it is public, all asymmetric keys must be public: they
// only verify, and secretKey signs. This allows to distribute a public key before it is used.
// Previous secret keys only verify.
//
// Secrets must have at least 32 bytes. Asymmetric keys are Ed25519 (EdDSA) or RSA (RS256).
func NewKeys(secretKey []byte, previous [][]byte, asymmetric ...any) (*Keys, error) {
	var k Keys
	secrets := previous
	if !signs(asymmetric) {
		secrets = append([][]byte{secretKey}, previous...)
	}
	for _, a := range asymmetric {
		key, err := asymmetricKey(a)
		if err != nil {
			return nil, err
		}
		k.list = append(k.list, key)
	}
	for _, secret := range secrets {
		if len(secret) < minKeyLen {
			return nil, fmt.Errorf("a secret key has %d bytes, at least %d are needed", len(secret), minKeyLen)
		}
		k.list = append(k.list, tokenKey{algorithm: jwa.HS256, signs: secret, verifies: secret})
	}
	first := slices.IndexFunc(k.list, func(key tokenKey) bool { return key.signs != nil })
	if first > 0 && k.list[first].id != "" {
		return nil, errors.New("the first key of a key file must be a private one if any is: it signs")
	}
	k.signer = k.list[first]
	return &k, nil
}

// signs reports whether the first asymmetric key is private.
func signs(asymmetric []any) bool {
	if len(asymmetric) == 0 {
		return false
	}
	_, private := asymmetric[0].(crypto.Signer)
	return private
}

func asymmetricKey(given any) (tokenKey, error) {
	key := tokenKey{}
	if private, ok := given.(crypto.Signer); ok {
		key.signs, given = private, private.Public()
	}
	switch given.(type) {
	case ed25519.PublicKey:
		key.algorithm = jwa.EdDSA
	case *rsa.PublicKey:
		key.algorithm = jwa.RS256
	default:
		return tokenKey{}, fmt.Errorf("keys of type %T can't sign tokens; use Ed25519 or RSA", given)
	}
	key.verifies = given
	public, err := jwk.FromRaw(given)
	if err != nil {
		return tokenKey{}, fmt.Errorf("read public key: %w", err)
	}
	name, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return tokenKey{}, fmt.Errorf("name public key: %w", err)
	}
	key.id = base64.RawURLEncoding.EncodeToString(name)
	return key, nil
}

// JWKS returns the public keys as a JSON Web Key Set (RFC 7517). The id of each is its thumbprint
// (RFC 7638). It returns nil if there are none.
func (k *Keys) JWKS() ([]byte, error) {
	set := jwk.NewSet()
	for _, key := range k.list {
		if key.id == "" {
			continue
		}
		public, err := jwk.FromRaw(key.verifies)
		if err != nil {
			return nil, fmt.Errorf("read public key: %w", err)
		}
		for name, value := range map[string]any{jwk.KeyIDKey: key.id, jwk.AlgorithmKey: key.algorithm, jwk.KeyUsageKey: jwk.ForSignature} {
			if err := public.Set(name, value); err != nil {
				return nil, fmt.Errorf("describe public key: %w", err)
			}
		}
		if err := set.AddKey(public); err != nil {
			return nil, fmt.Errorf("add public key: %w", err)
		}
	}
	if set.Len() == 0 {
		return nil, nil
	}
	encoded, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("encode key set: %w", err)
	}
	return encoded, nil
}
