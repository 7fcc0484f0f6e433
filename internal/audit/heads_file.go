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

// headsFile stores heads across restarts.
type headsFile struct {
	path string

	mu    sync.Mutex // held during writes of the file
	saved int64      // Heads.changes when the file was last read or written, or unsaved
}

// unsaved means that the file doesn't exist.
const unsaved = -1

// Checkpoint is a line of a checkpoint file.
type Checkpoint struct {
	TenantID uuid.UUID
	Code     string // code of the tenant; empty if the line has none
	Text     string
}

// ReadCheckpoints parses lines of the form "ID CODE CHECKPOINT" or "ID CHECKPOINT". Any other line
// and a second line for a tenant are errors. It does not verify the checkpoints.
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

// Load reads the remembered heads from a file, to which Save then writes. If the file doesn't
// exist, Load does nothing else. Load returns an error if the file has anything but checkpoints
// that these keys signed.
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

// IsNew reports whether the file of Load doesn't exist yet.
func (h *Heads) IsNew() bool { return h.file != nil && h.file.saved == unsaved }

// Save writes the file of Load, if heads have changed. It replaces the file atomically. Without a
// file it does nothing.
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

// replaceFile atomically replaces the content of a file, with mode 0600. After a crash the file has
// either the old content or the new one.
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
	_ = folder.Sync() // not supported by every system
	return nil
}
