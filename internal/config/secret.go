package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	unicodetext "github.com/tenantry/tenantry/internal/text"
)

const (
	minSecretBytes = 32
	redacted       = "[redacted]"
)

// Hidden keeps a value out of logs, errors and dumps: every way to print it gives "[redacted]". The
// value is behind a pointer, because fmt can't call the methods of an unexported field of another
// struct and would print its content.
type Hidden[T any] struct {
	value *T
}

// Hide returns value as Hidden.
func Hide[T any](value T) Hidden[T] { return Hidden[T]{&value} }

// Reveal returns the value, or the zero value if there is none.
func (h Hidden[T]) Reveal() T {
	if h.value == nil {
		var none T
		return none
	}
	return *h.value
}

// String returns "[redacted]".
func (Hidden[T]) String() string { return redacted }

// GoString returns "[redacted]".
func (Hidden[T]) GoString() string { return redacted }

// LogValue returns "[redacted]".
func (Hidden[T]) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Hidden[T]) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Secret is a hidden text.
type Secret struct{ Hidden[string] }

// NewSecret hides value.
func NewSecret(value string) Secret { return Secret{Hide(value)} }

// IsSet reports whether the value is set and not "".
func (s Secret) IsSet() bool { return s.Reveal() != "" }

// DevelopmentSecret returns the secret in dir/secret.key, and creates a random one if there is
// none. Processes that start at the same time get the same secret. It refuses a file that others
// than its owner may read.
func DevelopmentSecret(dir string) (Secret, error) {
	path := filepath.Join(dir, "secret.key")
	secret, err := readSecret(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createSecret(path); err != nil {
			return Secret{}, fmt.Errorf("make a secret for development (or set SECRET_KEY): %w", err)
		}
		secret, err = readSecret(path)
	}
	if err != nil {
		return Secret{}, fmt.Errorf("read the secret for development: %w", err)
	}
	return secret, nil
}

func readSecret(path string) (Secret, error) {
	file, err := os.Open(path)
	if err != nil {
		return Secret{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Secret{}, err
	}
	// Windows has no permission bits: the mode is always 0666 or 0444.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return Secret{}, fmt.Errorf("%s is open to others than its owner (mode %04o); run: chmod 600 %[1]s", path, mode)
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return Secret{}, err
	}
	key := strings.TrimSpace(unicodetext.Decode(content))
	if len(key) < minSecretBytes {
		return Secret{}, fmt.Errorf("%s must hold at least %d bytes (it has %d); remove it to get a new one", path, minSecretBytes, len(key))
	}
	return NewSecret(key), nil
}

// createSecret makes sure that a complete file is at path: its own, or that of a faster process.
func createSecret(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	var key [minSecretBytes]byte
	rand.Read(key[:]) // never fails
	_, err = fmt.Fprintln(file, base64.RawURLEncoding.EncodeToString(key[:]))
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	// Unlike a rename, a link doesn't replace an existing file.
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
