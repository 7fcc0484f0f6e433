// Package storetest creates a database on every engine for each test. It also contains the suite
// which proves that all engines behave the same.
package storetest

import (
	"os"
	osexec "os/exec" // exec is a function of the conformance suite
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
)

// maxConnections limits the connections of one test's store, because many tests run at once and
// share the servers' connections.
const maxConnections = 8

// Each runs f once per engine, in parallel, as the subtests postgres, mysql and sqlite. If an
// engine has no server, its subtest is skipped with a message, or fails if CI=true.
func Each(t *testing.T, f func(t *testing.T, engine store.Engine)) {
	t.Helper()
	for _, engine := range []store.Engine{store.Postgres, store.MySQL, store.SQLite} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			requireServer(t, engine)
			f(t, engine)
		})
	}
}

// New returns a store on a new database with the newest schema. Both are gone after the test.
func New(t testing.TB, engine store.Engine) *store.Store {
	t.Helper()
	return Open(t, NewMigratedURL(t, engine))
}

// Open returns a store on an existing database. It is closed after the test.
func Open(t testing.TB, databaseURL string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), databaseURL, store.Options{MaxConnections: maxConnections})
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// NewMigratedURL returns the URL of a new database with the newest schema, which is dropped after
// the test.
func NewMigratedURL(t testing.TB, engine store.Engine) string {
	t.Helper()
	switch server := requireServer(t, engine); engine {
	case store.Postgres:
		return copyPostgres(t, server)
	case store.SQLite:
		return copySQLite(t)
	default:
		return copyMySQL(t, server)
	}
}

func migrate(t testing.TB, databaseURL string) {
	t.Helper()
	s, err := store.Open(t.Context(), databaseURL, store.Options{MaxConnections: maxConnections})
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	defer s.Close()
	if _, err := s.MigrateUp(t.Context()); err != nil {
		t.Fatalf("migrate new database: %v", err)
	}
}

// NewURL returns the URL of a new, empty database, which is dropped after the test.
func NewURL(t testing.TB, engine store.Engine) string {
	t.Helper()
	switch engine {
	case store.Postgres:
		return newPostgres(t, requireServer(t, engine), "")
	case store.MySQL:
		return newMySQL(t, requireServer(t, engine))
	case store.SQLite:
		return newSQLite(t)
	default:
		t.Fatalf("unknown engine %q", engine)
		return ""
	}
}

// requireServer returns the URL of the server on which tests may create databases. SQLite needs no
// server.
func requireServer(t testing.TB, engine store.Engine) string {
	t.Helper()
	servers := map[store.Engine]struct{ name, variable string }{
		store.Postgres: {"POSTGRESQL", "TEST_POSTGRES_URL"},
		store.MySQL:    {"MYSQL", "TEST_MYSQL_URL"},
	}
	server, needed := servers[engine]
	if !needed {
		return ""
	}
	return Provided(t, server.name, server.variable)
}

// RedisURL returns the URL of a Redis server. Without one it skips the test, or fails it if
// CI=true.
func RedisURL(t testing.TB) string {
	t.Helper()
	return Provided(t, "REDIS", "TEST_REDIS_URL")
}

// Provided returns the environment variable, which make test sets. If it isn't set, the test is
// skipped with a message that contains name, or fails if CI=true.
func Provided(t testing.TB, name, variable string) string {
	t.Helper()
	if url := os.Getenv(variable); url != "" {
		return url
	}
	leaveOut(t, name, "set "+variable+" or run make test")
	return ""
}

// RequireProgram skips the test if a program isn't installed, with a message that names what isn't
// tested. If CI=true, the test fails instead.
func RequireProgram(t testing.TB, program, tested string) {
	t.Helper()
	if _, err := osexec.LookPath(program); err != nil {
		leaveOut(t, strings.ToUpper(tested), program+" is not installed")
	}
}

// leaveOut ends a test that lacks a server or a program. It skips the test with a message, or fails
// it if CI=true.
func leaveOut(t testing.TB, tested, reason string) {
	t.Helper()
	const message = "%s IS NOT TESTED: %s"
	if os.Getenv("CI") == "true" {
		t.Fatalf(message, tested, reason)
	}
	t.Skipf(message, tested, reason)
}
