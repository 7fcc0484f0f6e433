package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// headsFile keeps heads over a restart.
type headsFile struct {
	path string

	mu    sync.Mutex // held while the file is written
	saved int64      // Heads.changes at the last time that the file was written or read, or unsaved
}

// unsaved means that the file doesn't exist yet.
const unsaved = -1

// Checkpoint is a line of a file of checkpoints.
type Checkpoint struct {
	TenantID uuid.UUID
	Code     string // of the tenant; empty if the line has none
	Text     string
}

// ReadCheckpoints reads lines "ID CODE CHECKPOINT" or "ID CHECKPOINT". Any other line is an error, and so are
// two lines for one tenant. Checkpoints are not verified.
func ReadCheckpoints(r io.Reader) (map[uuid.UUID]Checkpoint, error) {
	all := map[uuid.UUID]Checkpoint{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		if len(fields) < 2 || len(fields) > 3 {
			return nil, fmt.Errorf("line %d is not one that `tenantry audit checkpoint` writes", n)
		}
		id, err := uuid.Parse(fields[0])
		if err != nil {
			return nil, fmt.Errorf("line %d doesn't begin with the id of a tenant", n)
		}
		if _, twice := all[id]; twice {
			return nil, fmt.Errorf("line %d is the second one for tenant %s; use a file for each time", n, fields[len(fields)-2])
		}
		c := Checkpoint{TenantID: id, Text: fields[len(fields)-1]}
		if len(fields) == 3 {
			c.Code = fields[1]
		}
		all[id] = c
	}
	return all, lines.Err()
}

// Load remembers the heads in a file. From then on Save writes to it. If the file doesn't exist, Load remembers
// nothing. A file with anything else than checkpoints made with these keys is an error.
func (h *Heads) Load(path string) error {
	h.file = &headsFile{path: path, saved: unsaved}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read checkpoints: %w", err)
	}
	list, err := ReadCheckpoints(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("read checkpoints: %s: %w", path, err)
	}
	for tenantID, c := range list {
		known, err := h.keys.readCheckpoint(tenantID, c.Text)
		if err != nil || known.number == 0 && known.seq > 0 {
			return fmt.Errorf("read checkpoints: %s: the line of tenant %s was not made by this program with AUDIT_KEY or one of AUDIT_KEY_PREVIOUS", path, tenantID)
		}
		h.known[tenantID] = known
	}
	h.file.saved = h.changes
	return nil
}

// IsNew reports whether the file that was given to Load doesn't exist yet.
func (h *Heads) IsNew() bool { return h.file != nil && h.file.saved == unsaved }

// Save writes the file that was given to Load, if heads have changed since. It replaces the file as a whole, so
// that it is never incomplete. Without a file it does nothing.
func (h *Heads) Save() error {
	if h.file == nil {
		return nil
	}
	h.file.mu.Lock()
	defer h.file.mu.Unlock()
	known, changes := h.all()
	if changes == h.file.saved {
		return nil
	}
	var content bytes.Buffer
	for _, tenantID := range slices.SortedFunc(maps.Keys(known), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }) {
		fmt.Fprintf(&content, "%s %s\n", tenantID, h.keys.checkpoint(tenantID, known[tenantID]))
	}
	if err := replaceFile(h.file.path, content.Bytes()); err != nil {
		return fmt.Errorf("write checkpoints: %w", err)
	}
	h.file.saved = changes
	return nil
}

// replaceFile replaces the content of a file, which then has mode 0600. If the machine fails meanwhile, the
// file has either the old content or the new one.
func replaceFile(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	_ = folder.Sync() // not every system can do that
	return nil
}
