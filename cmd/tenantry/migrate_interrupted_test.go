package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

var waitsForASession = regexp.MustCompile(`waiting for session \d+ of the database server, which is migrating this database`)

// The first of the two newest migrations blocks when it records its version. A second process waits
// for the lock meanwhile.
func TestMigrateUpIsInterrupted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine == store.SQLite {
			return // SQLite has no server that could block it
		}
		databaseURL := storetest.NewMigratedURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL)
		for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			home.run(0, "migrate", "down")
			home.run(0, "migrate", "down")
			release := blockVersions(t, engine, databaseURL)
			first := home.start("migrate", "up")
			awaitBlocked(t, engine, databaseURL)
			second := home.start("migrate", "up")
			second.await(&second.stderr, waitsForASession)
			first.signal(signal)
			if signal == syscall.SIGTERM {
				first.await(&first.stderr, regexp.MustCompile(`migration \d+ is finished before this program stops`))
			}
			release()
			status := first.wait()
			applied := strings.Count(first.stdout.String(), "applied  ")
			if signal == syscall.SIGTERM && (status != 1 || applied != 1 || !strings.Contains(first.stderr.String(), "1 are left to apply")) {
				t.Errorf("the interrupted process ended with status %d\n%s", status, first)
			}
			status, rest := second.wait(), strings.Count(second.stdout.String(), "applied  ")
			// The database session of a killed process may still record its migration.
			noted := engine == store.MySQL && signal == syscall.SIGKILL && rest == 1
			if status != 0 || rest != 2-applied && !noted {
				t.Errorf("the waiting process ended with status %d\n%s", status, second)
			}
		}
		home.run(0, "migrate", "up")
	})
}

// blockVersions blocks the recording of migrations until release is called.
func blockVersions(t *testing.T, engine store.Engine, databaseURL string) (release func()) {
	t.Helper()
	statements := map[store.Engine][2]string{
		store.Postgres: {"BEGIN; LOCK TABLE goose_db_version IN SHARE MODE", "COMMIT"},
		store.MySQL:    {"LOCK TABLES goose_db_version READ", "UNLOCK TABLES"},
	}[engine]
	conn, err := apitest.OpenDatabase(t, engine, databaseURL).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	execute := func(statement string) {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	execute(statements[0])
	return func() {
		execute(statements[1])
		_ = conn.Close()
	}
}

// awaitBlocked waits until a session is blocked by blockVersions.
func awaitBlocked(t *testing.T, engine store.Engine, databaseURL string) {
	t.Helper()
	query := map[store.Engine]string{
		store.Postgres: "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'goose_db_version'::regclass",
		store.MySQL:    "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND state LIKE 'Waiting for table%'",
	}[engine]
	pool := apitest.OpenDatabase(t, engine, databaseURL)
	for began := time.Now(); time.Since(began) < patience; time.Sleep(10 * time.Millisecond) {
		var waiting int
		if err := pool.QueryRowContext(t.Context(), query).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if waiting > 0 {
			return
		}
	}
	t.Fatal("the migration isn't blocked")
}

func TestMigrateNamesTheFileItWaitsFor(t *testing.T) {
	t.Parallel()
	home := newInstallation(t)
	file := filepath.Join(home.dir, "a.db.migrate.lock")
	lock := flock.New(file)
	if locked, err := lock.TryLock(); err != nil || !locked {
		t.Fatalf("locked %v, error %v", locked, err)
	}
	p := home.with("DATABASE_URL=sqlite:///"+filepath.Join(home.dir, "a.db")).start("migrate", "up")
	p.await(&p.stderr, regexp.MustCompile(`waiting for a process that holds the file beside the database .*\.migrate\.lock`))
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if status := p.wait(); status != 0 {
		t.Errorf("exit status %d, want 0\n%s", status, p)
	}
}
