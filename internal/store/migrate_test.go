package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/gen/migrations"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// migrationFiles returns the names of an engine's migrations, oldest first.
func migrationFiles(t *testing.T, engine store.Engine) []string {
	t.Helper()
	files, err := fs.Glob(migrations.FS, path.Join(string(engine), "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("migrations of %s: %v, error %v", engine, files, err)
	}
	for i := range files {
		files[i] = path.Base(files[i])
	}
	return files
}

// versions returns the numbers of an engine's migrations, oldest first. There may be gaps.
func versions(t *testing.T, engine store.Engine) []int64 {
	t.Helper()
	var list []int64
	for _, file := range migrationFiles(t, engine) {
		number, _, _ := strings.Cut(file, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, version)
	}
	return list
}

// versionOf returns the number of the migration with a name.
func versionOf(t *testing.T, engine store.Engine, name string) int64 {
	t.Helper()
	for _, version := range versions(t, engine) {
		if strings.HasSuffix(migrationFile(t, engine, version), "_"+name+".sql") {
			return version
		}
	}
	t.Fatalf("there is no migration %s", name)
	return 0
}

func migrationFile(t *testing.T, engine store.Engine, version int64) string {
	t.Helper()
	for _, file := range migrationFiles(t, engine) {
		if strings.HasPrefix(file, fmt.Sprintf("%05d_", version)) {
			return file
		}
	}
	t.Fatalf("there is no migration %d", version)
	return ""
}

func schemaVersion(t *testing.T, s *store.Store) (current, needed int64) {
	t.Helper()
	current, needed, err := s.SchemaVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return current, needed
}

func TestMigrateUpAppliesEachMigrationOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.Open(t, storetest.NewURL(t, engine))
		files := migrationFiles(t, engine)
		newest := slices.Max(versions(t, engine))
		if current, needed := schemaVersion(t, s); current != 0 || needed != newest {
			t.Errorf("empty database: version is %d of %d, want 0 of %d", current, needed, newest)
		}
		if list, err := s.Migrations(t.Context()); err != nil || len(list) != len(files) || !list[0].AppliedAt.IsZero() {
			t.Errorf("empty database: migrations are %v, error %v", list, err)
		}
		done, err := s.MigrateUp(t.Context())
		if err != nil || len(done) != len(files) {
			t.Fatalf("first time: %d migrations applied, error %v; want %d", len(done), err, len(files))
		}
		if done[0] != (store.Migration{Version: 1, Name: "create_roles"}) {
			t.Errorf("first migration is %+v", done[0])
		}
		if current, needed := schemaVersion(t, s); current != newest || needed != newest {
			t.Errorf("after it: version is %d of %d, want %d of %d", current, needed, newest, newest)
		}
		if done, err = s.MigrateUp(t.Context()); err != nil || len(done) != 0 {
			t.Errorf("second time: %v applied, error %v; want nothing", done, err)
		}
	})
}

func TestMigrateDownToNothingAndUpAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		before := schemaObjects(t, s)
		all := versions(t, engine)
		for i, version := range slices.Backward(all) {
			undone, err := s.MigrateDown(t.Context())
			if err != nil || undone.Version != version || undone.Name == "" {
				t.Fatalf("down from %d: %+v, error %v", version, undone, err)
			}
			if current, _ := schemaVersion(t, s); i > 0 && current != all[i-1] || i == 0 && current != 0 {
				t.Errorf("down from %d: version is %d", version, current)
			}
		}
		if left := schemaObjects(t, s); len(left) > 0 {
			t.Errorf("objects left in the schema: %v", left)
		}
		if _, err := s.MigrateDown(t.Context()); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("down from nothing: error is %v, want ErrNotFound", err)
		}
		if done, err := s.MigrateUp(t.Context()); err != nil || len(done) != len(all) {
			t.Fatalf("up again: %d migrations applied, error %v; want %d", len(done), err, len(all))
		}
		if diff := cmp.Diff(before, schemaObjects(t, s)); diff != "" {
			t.Errorf("the schema differs (-before +after):\n%s", diff)
		}
	})
}

func TestMigrateUpByTenAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("on an empty database", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, engine store.Engine) {
			migrateByTen(t, storetest.NewURL(t, engine))
		})
	})
	t.Run("on the schema of an older program", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, engine store.Engine) {
			databaseURL := storetest.NewURL(t, engine)
			s := storetest.Open(t, databaseURL)
			if _, err := s.MigrateUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := s.MigrateDown(t.Context()); err != nil {
				t.Fatal(err)
			}
			migrateByTen(t, databaseURL)
		})
	})
}

// migrateByTen opens ten stores on a database. Each reads the schema's version and then migrates.
func migrateByTen(t *testing.T, databaseURL string) {
	t.Helper()
	stores := make([]*store.Store, 10)
	for i := range stores {
		stores[i] = storetest.Open(t, databaseURL)
	}
	var before, needed int64
	together(stores, func(i int, s *store.Store) {
		current, wanted, err := s.SchemaVersion(t.Context())
		if err != nil {
			t.Errorf("store %d: %v", i, err)
		}
		if i == 0 {
			before, needed = current, wanted
		}
	})
	done := make([][]store.Migration, len(stores))
	together(stores, func(i int, s *store.Store) {
		var err error
		if done[i], err = s.MigrateUp(t.Context()); err != nil {
			t.Errorf("store %d: %v", i, err)
		}
	})
	applied := make(map[int64]int)
	for _, m := range slices.Concat(done...) {
		applied[m.Version]++
	}
	for _, version := range versions(t, stores[0].Engine()) {
		if version > before && applied[version] != 1 {
			t.Errorf("migration %d was applied %d times", version, applied[version])
		}
	}
	if current, _ := schemaVersion(t, stores[0]); current != needed || before == needed {
		t.Errorf("version was %d and is %d, want %d", before, current, needed)
	}
}

// together runs f for each store at the same time.
func together(stores []*store.Store, f func(i int, s *store.Store)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i, s := range stores {
		group.Go(func() {
			<-start
			f(i, s)
		})
	}
	close(start)
	group.Wait()
}

func TestMigrateUpWithTheFewestConnections(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s, err := store.Open(t.Context(), storetest.NewURL(t, engine), store.Options{MaxConnections: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := s.MigrateUp(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestMigrationsTellWhatIsApplied(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		undone, err := s.MigrateDown(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		list, err := s.Migrations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range list {
			got = append(got, m.Name)
			if applied := !m.AppliedAt.IsZero(); applied == (m.Version == undone.Version) {
				t.Errorf("migration %d: applied is %v", m.Version, applied)
			}
		}
		var want []string
		for _, file := range migrationFiles(t, engine) {
			want = append(want, file[len("00001_"):len(file)-len(".sql")])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("names differ (-want +got):\n%s", diff)
		}
	})
}

func TestSchemaVersionOfANewerDatabaseIsGreaterThanNeeded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		const newer = "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)"
		if _, err := s.SQLDB().ExecContext(t.Context(), newer); err != nil {
			t.Fatal(err)
		}
		if current, needed := schemaVersion(t, s); current != 99999 || needed >= current {
			t.Errorf("version is %d, needed %d; want 99999, and a lower one needed", current, needed)
		}
	})
}

// sections returns the parts of a migration by name. Before the first part there may only be
// comments.
func sections(t *testing.T, engine store.Engine, file string) map[string]string {
	t.Helper()
	return sectionsOf(t, migrations.FS, engine, file)
}

func sectionsOf(t *testing.T, files fs.FS, engine store.Engine, file string) map[string]string {
	t.Helper()
	text, err := fs.ReadFile(files, path.Join(string(engine), file))
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(text), "-- +goose Up\n")
	up, down, found := strings.Cut(rest, "-- +goose Down\n")
	for line := range strings.Lines(head) {
		if strings.HasPrefix(line, "-- +goose") || strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "--") {
			found = false
		}
	}
	if !found {
		t.Fatalf("%s of %s: want the sections +goose Up and +goose Down, and only comments before them", file, engine)
	}
	return map[string]string{"Up": up, "Down": down}
}
