package store

import (
	"testing"
)

// TestSQLitePragmas holds still what no behaviour shows until the power fails or two processes meet.
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
		t.Error("a reader can write")
	}
}
