package config

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
)

const minRSABits = 2048

// keyFile parses the PEM file that a setting names: the signing key first, then keys that only
// verify.
func keyFile(field *Hidden[[]any]) parser {
	return func(path string) error {
		content, err := os.ReadFile(path)
		if err != nil {
			return errors.New(unreadable(err))
		}
		var keys []any
		for {
			var block *pem.Block
			if block, content = pem.Decode(content); block == nil {
				break
			}
			key, err := readKey(block)
			if err != nil {
				return fmt.Errorf("must name a file of keys in PEM; block %d %w", len(keys)+1, err)
			}
			keys = append(keys, key)
		}
		if len(keys) == 0 {
			return errors.New("must name a file of keys in PEM; make one with: openssl genpkey -algorithm ed25519")
		}
		if isPublic(keys[0]) && slices.ContainsFunc(keys, func(key any) bool { return !isPublic(key) }) {
			return errors.New("must name a file whose first key is a private one, which signs, or one of public keys alone")
		}
		*field = Hide(keys)
		return nil
	}
}

// signs reports whether the keys of SIGNING_KEY_FILE sign tokens. If the first key is public, they
// only verify, and SECRET_KEY signs.
func signs(keys []any) bool { return len(keys) > 0 && !isPublic(keys[0]) }

func isPublic(key any) bool {
	switch key.(type) {
	case ed25519.PublicKey, *rsa.PublicKey:
		return true
	}
	return false
}

// readKey parses one key. Its errors never quote the key.
func readKey(block *pem.Block) (any, error) {
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	default:
		return nil, fmt.Errorf("is a %.40q; private keys must be PKCS #8, unencrypted", block.Type)
	}
	if err != nil {
		return nil, errors.New("can't be read")
	}
	bits := minRSABits
	switch k := key.(type) {
	case ed25519.PrivateKey, ed25519.PublicKey:
	case *rsa.PrivateKey:
		bits = k.N.BitLen()
	case *rsa.PublicKey:
		bits = k.N.BitLen()
	default:
		return nil, errors.New("is neither an Ed25519 nor an RSA key")
	}
	if bits < minRSABits {
		return nil, fmt.Errorf("is an RSA key of %d bits; at least %d are needed", bits, minRSABits)
	}
	return key, nil
}
