package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/tenantry/tenantry/internal/store"
)

// manifestSuffix is appended to the name of the backup.
const manifestSuffix = ".json"

// Manifest describes a backup. It is stored in a file beside it.
type Manifest struct {
	Engine  store.Engine `json:"engine"`
	Server  string       `json:"server"`          // the version of the database server
	Schema  int64        `json:"schema"`          // the version of the schema
	Program string       `json:"program"`         // the version of Tenantry
	Owner   string       `json:"owner,omitempty"` // of the tables, on PostgreSQL
	MadeAt  time.Time    `json:"made_at"`         // when the backup began
	Size    int64        `json:"size"`            // of the file, in bytes
	SHA256  string       `json:"sha256"`          // of the file, in hexadecimal
}

// Read returns the manifest of a backup, after checking the file's size and digest.
func Read(path string) (Manifest, error) {
	var m Manifest
	content, err := os.ReadFile(path + manifestSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s%s is missing: a backup consists of two files, and this one describes the other", path, manifestSuffix)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(content, &m); err != nil {
		return m, fmt.Errorf("%s%s is not the manifest of a backup: %w", path, manifestSuffix, err)
	}
	size, sum, err := digest(path)
	if err != nil {
		return m, err
	}
	if size != m.Size || sum != m.SHA256 {
		return m, fmt.Errorf("%s is not what the backup wrote: it has %d bytes with the SHA-256 %s, but the manifest says %d bytes with %s", path, size, sum, m.Size, m.SHA256)
	}
	return m, nil
}

func (m Manifest) write(path string) error {
	return createAtomically(path, func(part *os.File) error {
		encoder := json.NewEncoder(part)
		encoder.SetIndent("", "  ")
		return encoder.Encode(m)
	})
}

// digest returns the size of a file and its SHA-256 in hexadecimal.
func digest(path string) (int64, string, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err != nil {
		return 0, "", fmt.Errorf("read %s: %w", path, err)
	}
	return size, hex.EncodeToString(hash.Sum(nil)), nil
}
