package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tenantry/tenantry/gen/migrations"
	"github.com/tenantry/tenantry/internal/store"
)

// Copying a migrated database is much faster than migrating a new one.

func newSQLite(t testing.TB) string {
	t.Helper()
	return sqliteURL(filepath.Join(t.TempDir(), "tenantry.db"))
}

func sqliteURL(file string) string { return "sqlite:///" + file }

var sqliteTemplate struct {
	mu      sync.Mutex
	content []byte
}

// copySQLite returns the URL of a new database with the newest schema. Only the first one in a
// process is migrated; the others are copies of its file.
func copySQLite(t testing.TB) string {
	t.Helper()
	sqliteTemplate.mu.Lock()
	defer sqliteTemplate.mu.Unlock()
	file := filepath.Join(t.TempDir(), "tenantry.db")
	if sqliteTemplate.content == nil {
		migrate(t, sqliteURL(file))
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sqliteTemplate.content = content
	} else if err := os.WriteFile(file, sqliteTemplate.content, 0o600); err != nil {
		t.Fatal(err)
	}
	return sqliteURL(file)
}

// copyPostgres creates a database from a template. The template stays on the server, for other
// packages and later runs.
func copyPostgres(t testing.TB, adminURL string) string {
	t.Helper()
	template := "tenantry_template_" + fingerprint(t, store.Postgres)
	postgresTemplate.Do(func() { makePostgresTemplate(t, adminURL, template) })
	return newPostgres(t, adminURL, template)
}

var postgresTemplate sync.Once

// makePostgresTemplate creates the template, if it doesn't exist. The template gets its name when
// it is complete.
func makePostgresTemplate(t testing.TB, adminURL, name string) {
	t.Helper()
	admin := openPostgres(t, adminURL)
	defer admin.Close()
	conn, err := admin.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The lock ends with the connection.
	const lock = "SELECT pg_advisory_lock(hashtext('tenantry test template'))"
	if _, err := conn.ExecContext(t.Context(), lock); err != nil {
		t.Fatal(err)
	}
	var exists bool
	if err := conn.QueryRowContext(t.Context(), "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil {
		t.Fatal(err)
	}
	if exists {
		return
	}
	unfinished := name + "_unfinished"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + unfinished + " WITH (FORCE)", "CREATE DATABASE " + unfinished} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	migrate(t, withName(t, adminURL, unfinished))
	if _, err := conn.ExecContext(t.Context(), "ALTER DATABASE "+unfinished+" RENAME TO "+name); err != nil {
		t.Fatal(err)
	}
}

// fingerprint returns a hash of an engine's migrations.
func fingerprint(t testing.TB, engine store.Engine) string {
	t.Helper()
	hash := sha256.New()
	err := fs.WalkDir(migrations.FS, string(engine), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(migrations.FS, path)
		_, _ = hash.Write(append([]byte(path+"\x00"), content...))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}
