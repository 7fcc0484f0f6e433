package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/tenantry/tenantry/sql/migrations"
)

// Migration is one step of the schema's history.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero if it isn't applied
}

// How often and how long a process asks for the lock that another one holds while it migrates.
const (
	lockSeconds  = 1
	lockAttempts = 300
	lockPause    = 50 * time.Millisecond
)

// MigrateUp applies all migrations that are missing and returns them. Any number of processes may call it at once: one
// works, the others wait and then find nothing to do.
func (s *Store) MigrateUp(ctx context.Context) ([]Migration, error) {
	var done []Migration
	err := s.migrate(ctx, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		for _, r := range results {
			done = append(done, Migration{Version: r.Source.Version, Name: name(r.Source)})
		}
		return err
	})
	return done, err
}

// MigrateStamp notes the migrations up to a version as applied, without running them, and returns those that weren't before. It
// is for a schema that was made in another way.
func (s *Store) MigrateStamp(ctx context.Context, version int64) ([]Migration, error) {
	ours, err := s.provider()
	if err != nil {
		return nil, err
	}
	names := make(map[int64]string)
	var hollow []*goose.Migration
	for _, source := range ours.ListSources() {
		names[source.Version] = name(source)
		hollow = append(hollow, goose.NewGoMigration(source.Version, nil, nil))
	}
	if names[version] == "" {
		return nil, fmt.Errorf("there is no migration %d", version)
	}
	var done []Migration
	err = s.migrateBy(ctx, hollow, func(p *goose.Provider) error {
		results, err := p.UpTo(ctx, version)
		for _, r := range results {
			done = append(done, Migration{Version: r.Source.Version, Name: names[r.Source.Version]})
		}
		return err
	})
	return done, err
}

// MigrateDown takes back the newest migration and returns it, or ErrNotFound if none is applied.
func (s *Store) MigrateDown(ctx context.Context) (Migration, error) {
	var undone Migration
	err := s.migrate(ctx, func(p *goose.Provider) error {
		result, err := p.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		undone = Migration{Version: result.Source.Version, Name: name(result.Source)}
		return nil
	})
	return undone, err
}

// Migrations returns all migrations that this program knows, oldest first. It changes nothing and waits for no lock.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	p, err := s.provider()
	if err != nil {
		return nil, err
	}
	applied, err := s.applied(ctx)
	if err != nil {
		return nil, err
	}
	sources := p.ListSources()
	list := make([]Migration, len(sources))
	for i, source := range sources {
		list[i] = Migration{Version: source.Version, Name: name(source), AppliedAt: applied[source.Version]}
	}
	return list, nil
}

// SchemaVersion returns the version of the database's schema, 0 for an empty database, and the one that this program needs.
// It changes nothing and waits for no lock.
func (s *Store) SchemaVersion(ctx context.Context) (current, needed int64, err error) {
	p, err := s.provider()
	if err != nil {
		return 0, 0, err
	}
	applied, err := s.applied(ctx)
	if err != nil {
		return 0, 0, err
	}
	for version := range applied {
		current = max(current, version)
	}
	for _, source := range p.ListSources() {
		needed = max(needed, source.Version)
	}
	return current, needed, nil
}

// applied returns the versions in goose's table, which has them while they are applied. To ask goose itself would make the
// table, without a lock, and that fails when several ask at once.
func (s *Store) applied(ctx context.Context) (map[int64]time.Time, error) {
	tableExists := "SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'"
	switch s.engine {
	case Postgres:
		tableExists = "SELECT count(to_regclass('goose_db_version'))"
	case MySQL:
		tableExists = "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = 'goose_db_version'"
	}
	conn, err := s.database.sqlDB().Conn(ctx) // one for both, as none is kept
	if err != nil {
		return nil, fmt.Errorf("find table of migrations: %w", err)
	}
	defer func() { _ = conn.Close() }()
	var tables int
	if err := conn.QueryRowContext(ctx, tableExists).Scan(&tables); err != nil {
		return nil, fmt.Errorf("find table of migrations: %w", err)
	}
	applied := make(map[int64]time.Time)
	if tables == 0 {
		return applied, nil
	}
	rows, err := conn.QueryContext(ctx, "SELECT version_id, tstamp FROM goose_db_version")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var version int64
		var at time.Time
		if err := rows.Scan(&version, &at); err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		applied[version] = at
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return applied, nil
}

func (s *Store) migrate(ctx context.Context, f func(*goose.Provider) error) error {
	return s.migrateBy(ctx, nil, f)
}

// migrateBy locks out others and runs the given migrations in the place of ours, if there are any.
func (s *Store) migrateBy(ctx context.Context, others []*goose.Migration, f func(*goose.Provider) error) error {
	if d, ok := s.database.(*postgresDriver); ok && d.pooled.Load() {
		return errors.New("the database URL leads to a connection pooler such as pgbouncer, through which the lock that migrations need doesn't hold; " +
			"give MIGRATIONS_DATABASE_URL the address of the database itself")
	}
	err := s.migrateTrusted(ctx, others, f)
	if d, ok := s.database.(*postgresDriver); ok {
		err = errors.Join(err, d.migrated(ctx))
	}
	return err
}

// migrateTrusted lets statements take as long as they take.
func (s *Store) migrateTrusted(ctx context.Context, others []*goose.Migration, f func(*goose.Provider) error) error {
	if dog := s.database.watchdog(); dog != nil {
		return dog.trust(func() error { return s.migrateLocked(ctx, others, f) })
	}
	return s.migrateLocked(ctx, others, f)
}

func (s *Store) migrateLocked(ctx context.Context, others []*goose.Migration, f func(*goose.Provider) error) error {
	if s.engine == MySQL {
		if err := mysqlCollation(ctx, s.database.sqlDB()); err != nil {
			return err
		}
	}
	if s.engine == SQLite {
		file := flock.New(s.path+".migrate.lock", flock.SetPermissions(0o600))
		if _, err := file.TryLockContext(ctx, lockPause); err != nil {
			return fmt.Errorf("lock for migration: %w", err)
		}
		defer func() { _ = file.Close() }()
	}
	p, err := s.provider(others...)
	if err != nil {
		return err
	}
	return f(p)
}

func (s *Store) provider(others ...*goose.Migration) (*goose.Provider, error) {
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	files, err := fs.Sub(migrations.FS, string(s.engine))
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	if len(others) > 0 {
		files, options = nil, append(options, goose.WithGoMigrations(others...))
	}
	dialect := goose.DialectSQLite3
	switch s.engine {
	case Postgres:
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockSeconds, lockAttempts))
		if err != nil {
			return nil, fmt.Errorf("make migration lock: %w", err)
		}
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	case MySQL:
		locker, err := lock.NewMySQLTableLocker(lock.WithTableLockTimeout(lockSeconds*time.Second, lockAttempts))
		if err != nil {
			return nil, fmt.Errorf("make migration lock: %w", err)
		}
		dialect, options = goose.DialectMySQL, append(options, goose.WithLocker(locker))
	}
	p, err := goose.NewProvider(dialect, s.database.sqlDB(), files, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// name is a migration's file name without number and suffix.
func name(source *goose.Source) string {
	base := source.Path
	for i, c := range base {
		if c == '_' {
			return base[i+1 : len(base)-len(".sql")]
		}
	}
	return base
}
