package store

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestSQLitePragmas checks settings whose effect only shows after a power failure or between two
// processes.
func TestSQLitePragmas(t *testing.T) {
	t.Parallel()
	d, _, err := openSQLite(t.TempDir()+"/pragmas.db", Options{MaxConnections: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "1", "foreign_keys": "1", "busy_timeout": "5000"} {
		var got string
		if err := d.writer.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s (%v)", pragma, got, want, err)
		}
	}
	if _, err := d.reader.ExecContext(t.Context(), "CREATE TABLE t (x)"); err == nil {
		t.Error("a connection for reading can write")
	}
}

// TestOnlyTheOwnerCanReadSQLiteFiles runs with the usual umask, with which everybody may read new
// files.
func TestOnlyTheOwnerCanReadSQLiteFiles(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("FILE MODES ARE NOT TESTED: Windows has none")
	}
	folder := filepath.Join(t.TempDir(), "new", "folder")
	s, err := Open(t.Context(), "sqlite:///"+filepath.Join(folder, "a.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if _, err := s.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	modes := map[string]os.FileMode{folder: 0o700}
	for _, suffix := range []string{"", "-wal", "-shm", ".migrate.lock"} {
		modes[filepath.Join(folder, "a.db"+suffix)] = 0o600
	}
	for path, want := range modes {
		info, err := os.Stat(path)
		if err != nil {
			t.Error(err)
		} else if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", path, got, want)
		}
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != len(modes)-1 {
		t.Errorf("the folder has %v, error %v; want the files above and no others", files, err)
	}
}
