package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/internal/accept"
)

// Third-party files come from internal/tools/update-pages.sh; the others are our own.
var (
	//go:embed thirdparty/*.gz
	thirdParty embed.FS
	//go:embed web/*.css web/*.js web/*.svg
	own embed.FS
)

// hashLength is the length of the hash in a file name: 8 bytes of the SHA-256 of the embedded file,
// in hexadecimal.
const hashLength = 16

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
}

// Asset is a static file that pages need.
type Asset struct {
	contentType string
	gzipped     []byte
	plain       func() ([]byte, error) // uncompressed at the first request
}

// assets holds all files by the name in their address, and the addresses by file name.
type assets struct {
	files map[string]Asset
	names map[string]string
}

func loadAssets() (*assets, error) {
	a := &assets{files: map[string]Asset{}, names: map[string]string{}}
	for _, from := range []embed.FS{thirdParty, own} {
		err := fs.WalkDir(from, ".", func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := from.ReadFile(file)
			if err != nil {
				return err
			}
			return a.add(path.Base(file), content)
		})
		if err != nil {
			return nil, fmt.Errorf("load the files of pages: %w", err)
		}
	}
	return a, nil
}

// add adds a file, which may already be compressed.
func (a *assets) add(file string, stored []byte) error {
	name, isGzipped := strings.CutSuffix(file, ".gz")
	gzipped := stored
	if !isGzipped {
		var err error
		if gzipped, err = compress(stored); err != nil {
			return err
		}
	}
	sum := sha256.Sum256(stored)
	extension := path.Ext(name)
	address := strings.TrimSuffix(name, extension) + "." + hex.EncodeToString(sum[:])[:hashLength] + extension
	a.names[name] = address
	a.files[address] = Asset{
		contentType: contentTypes[extension], gzipped: gzipped,
		plain: sync.OnceValues(func() ([]byte, error) { return decompress(gzipped) }),
	}
	return nil
}

// address returns the address of a file. An unknown file is a mistake in a template.
func (a *assets) address(file string) (string, error) {
	name, ok := a.names[file]
	if !ok {
		return "", fmt.Errorf("there is no file %s", file)
	}
	return "/api/assets/" + name, nil
}

// Write sends the file, compressed if the client accepts that. It may be cached for ever, because
// its name contains its hash.
func (f Asset) Write(w http.ResponseWriter, encodings []string) error {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Add("Vary", "Accept-Encoding")
	content := f.gzipped
	if accept.Gzip(encodings) {
		h.Set("Content-Encoding", "gzip")
	} else {
		var err error
		if content, err = f.plain(); err != nil {
			return err
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(content)
	return err
}

func compress(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func decompress(gzipped []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(gzipped))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
