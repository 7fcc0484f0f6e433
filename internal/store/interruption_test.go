package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// A process may be killed after any statement of a migration. The next process only knows what is
// in the database.
func TestMigrationsGoOnWhereTheyWereInterrupted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.Open(t, storetest.NewURL(t, engine))
		s.SQLDB().SetMaxIdleConns(1) // for the many queries of the schema
		for _, version := range versions(t, engine) {
			up(t, s, version)
			want := schemaObjects(t, s)
			down(t, s, version)
			if engine == store.MySQL {
				interruptAndRepeat(t, s, version)
			} else {
				interruptTransactions(t, s, version)
			}
			up(t, s, version)
			if diff := cmp.Diff(want, schemaObjects(t, s)); diff != "" {
				t.Fatalf("%d: the schema differs (-want +got):\n%s", version, diff)
			}
		}
	})
}

// interruptTransactions migrates up again and again and interrupts each try later, until the
// migration succeeds. Then it does the same down. An interrupted transaction leaves nothing behind,
// so it is enough to interrupt it after 1, 2, 4, 8... statements.
func interruptTransactions(t *testing.T, s *store.Store, version int64) {
	t.Helper()
	for n := 1; !noted(t, s, version); n *= 2 {
		_ = s.Killed(n).MigrateUpTo(t.Context(), version)
	}
	for n := 1; noted(t, s, version); n *= 2 {
		_, _ = s.Killed(n).MigrateDown(t.Context())
	}
}

// interruptAndRepeat interrupts a migration after a statement and repeats it, first up and then
// down. Every other time, an interrupted migration down is followed by a migration up. The
// statements before and after the migration's own are the same for all migrations.
func interruptAndRepeat(t *testing.T, s *store.Store, version int64) {
	t.Helper()
	before, after := 2, 3 // two record the begin, two record the end, and one clears the record of the begin
	if isMarked(t, store.MySQL, migrationFile(t, store.MySQL, version)) {
		before += 2 // the mark of compatibility is recorded first
	}
	first, last := before+1, before
	for _, section := range sections(t, store.MySQL, migrationFile(t, store.MySQL, version)) {
		last = max(last, before+strings.Count(section, ";"))
	}
	if version == 1 {
		first, last = 1, before+1+after
	}
	for n := first; n <= last; n++ {
		wayUp := s.Killed(n).MigrateUpTo(t.Context(), version)
		up(t, s, version)
		_, wayDown := s.Killed(n).MigrateDown(t.Context())
		if wayUp == nil && wayDown == nil {
			t.Errorf("%d was not interrupted after %d statements", version, n)
		}
		if n%2 == 0 {
			up(t, s, version)
		}
		if noted(t, s, version) {
			down(t, s, version)
		}
	}
}

// noted reports whether goose's table contains a version, even if its migration may be unfinished.
func noted(t *testing.T, s *store.Store, version int64) bool {
	t.Helper()
	return len(read(t, s, fmt.Sprintf("SELECT version_id FROM goose_db_version WHERE version_id = %d", version))) > 0
}

func up(t *testing.T, s *store.Store, version int64) {
	t.Helper()
	if err := s.MigrateUpTo(t.Context(), version); err != nil {
		t.Fatalf("up to %d: %v", version, err)
	}
	if !isAt(t, s, version) {
		t.Fatalf("up to %d: the schema has another version", version)
	}
}

func down(t *testing.T, s *store.Store, from int64) {
	t.Helper()
	if undone, err := s.MigrateDown(t.Context()); err != nil || undone.Version != from {
		t.Fatalf("down from %d: took back %d, error %v", from, undone.Version, err)
	}
}

func isAt(t *testing.T, s *store.Store, version int64) bool {
	t.Helper()
	current, _ := schemaVersion(t, s)
	return current == version
}

// SIGTERM cancels the context.
func TestMigrateUpFinishesTheMigrationInWhichItIsStopped(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.Open(t, storetest.NewURL(t, engine))
		all := versions(t, engine)
		for left := len(all); left > 0; {
			ctx, cancel := context.WithCancel(t.Context())
			done, err := s.After(4, cancel).MigrateUp(ctx)
			cancel()
			if left -= len(done); len(done) == 0 || (err == nil) != (left == 0) {
				t.Fatalf("%d migrations were applied, %d are left, error %v", len(done), left, err)
			}
			if !isAt(t, s, all[len(all)-left-1]) {
				t.Errorf("the recorded version isn't %d", all[len(all)-left-1])
			}
		}
		if diff := cmp.Diff(schemaObjects(t, storetest.New(t, engine)), schemaObjects(t, s)); diff != "" {
			t.Errorf("the schema differs (-want +got):\n%s", diff)
		}
	})
}

// If an object with the name that a migration wants exists already, it is a different object,
// unless the migration was begun before.
func TestMigrateUpAcceptsOnlyObjectsOfABegunMigration(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.Open(t, storetest.NewURL(t, engine))
		execute(t, s, "CREATE TABLE tenants (something varchar(10))")
		for range 3 {
			_, err := s.MigrateUp(t.Context())
			if err == nil || !strings.Contains(err.Error(), "migration 2 create_tenants: ") || engine == store.MySQL && !strings.Contains(err.Error(), "tenantry migrate stamp 2") {
				t.Fatalf("error is %v, want one about migration 2", err)
			}
		}
		execute(t, s, "DROP TABLE tenants")
		if _, err := s.MigrateUp(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
