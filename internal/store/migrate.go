package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"

	"github.com/pressly/goose/v3"

	"github.com/tenantry/tenantry/gen/migrations"
)

// MigrateUp applies all missing migrations and returns those that it applied, even if it returns an
// error. Several processes may call it at once: one of them applies the migrations, and the others
// wait and then find nothing to do. If ctx ends, MigrateUp finishes the current migration and
// doesn't begin the next.
func (s *Store) MigrateUp(ctx context.Context) ([]Migration, error) {
	return s.migrateUpTo(ctx, math.MaxInt64)
}

func (s *Store) migrateUpTo(ctx context.Context, version int64) ([]Migration, error) {
	var done []Migration
	err := s.migrate(ctx, func(m *migrator) error {
		resumed, err := m.resume(ctx)
		if err != nil {
			return err
		}
		if resumed.up {
			done = append(done, m.migration(resumed.version))
		}
		missing, err := m.missing(context.WithoutCancel(ctx))
		if err != nil {
			return err
		}
		for i, next := range missing {
			if next.Version > version {
				break
			}
			if ctx.Err() != nil {
				return fmt.Errorf("stopped as asked before migration %d: %d are left to apply", next.Version, len(missing)-i)
			}
			if err := m.run(ctx, step{version: next.Version, up: true}); err != nil {
				return err
			}
			done = append(done, next)
		}
		return nil
	})
	return done, err
}

// MigrateDown rolls back the newest migration and returns it, or returns ErrNotFound if none is
// applied. Once begun, it isn't stopped by the end of ctx.
func (s *Store) MigrateDown(ctx context.Context) (Migration, error) {
	var undone Migration
	err := s.migrate(ctx, func(m *migrator) error {
		resumed, err := m.resume(ctx)
		if err != nil {
			return err
		}
		if resumed.version > 0 && !resumed.up {
			undone = m.migration(resumed.version)
			return nil
		}
		applied, err := appliedMigrations(ctx, s.engine, m.session)
		if err != nil {
			return err
		}
		version := newest(applied)
		if version == 0 {
			return ErrNotFound
		}
		undone = m.migration(version)
		if undone.Name == "" {
			return fmt.Errorf("the database has migration %d, which this program doesn't know: use the program that applied it", version)
		}
		return m.run(ctx, step{version: version})
	})
	return undone, err
}

// MigrateStamp records the migrations up to a version as applied, without running them. It returns
// those that weren't recorded before. Use it for a schema that was created in another way.
func (s *Store) MigrateStamp(ctx context.Context, version int64) ([]Migration, error) {
	var done []Migration
	err := s.migrate(ctx, func(m *migrator) error {
		if m.migration(version).Name == "" {
			return fmt.Errorf("there is no migration %d", version)
		}
		begun, err := begunStep(ctx, s.engine, m.session)
		if err != nil {
			return err
		}
		if begun.version > 0 && begun.version <= version {
			if err := m.forget(ctx); err != nil {
				return err
			}
		}
		missing, err := m.missing(ctx)
		if err != nil {
			return err
		}
		for _, next := range missing {
			if next.Version > version {
				break
			}
			up := step{version: next.Version, up: true}
			if err := m.noteCompatible(context.WithoutCancel(ctx), up); err != nil {
				return err
			}
			if err := m.note(context.WithoutCancel(ctx), up); err != nil {
				return err
			}
			done = append(done, next)
		}
		return nil
	})
	return done, err
}

// migrator runs migration steps on the single connection of its session. This connection holds the
// lock.
type migrator struct {
	engine  Engine
	session *sql.DB
	steps   *goose.Provider
	notes   *goose.Provider // has the same versions; its steps only note the version
	notice  func(string)
}

// step is one migration and its direction: applied or rolled back.
type step struct {
	version int64
	up      bool
}

// migrate calls f while it holds the lock for migrations.
func (s *Store) migrate(ctx context.Context, f func(*migrator) error) error {
	if d, ok := s.database.(*postgresDriver); ok && d.pooled.Load() {
		return errors.New("the database URL leads to a connection pooler such as pgbouncer, through which the lock that migrations need doesn't hold; " +
			"give MIGRATIONS_DATABASE_URL the address of the database itself")
	}
	migrate := func() error { return s.migrateLocked(ctx, f) }
	var err error
	if w := s.database.connectionWatchdog(); w != nil {
		err = w.suspend(migrate) // statements may take any time
	} else {
		err = migrate()
	}
	if d, ok := s.database.(*postgresDriver); ok {
		err = errors.Join(err, d.migrated(context.WithoutCancel(ctx)))
	}
	return err
}

func (s *Store) migrateLocked(ctx context.Context, f func(*migrator) error) error {
	session := sql.OpenDB(&singleConnector{Connector: s.database.connector()})
	session.SetMaxOpenConns(1)
	defer func() { _ = session.Close() }()
	unlock, err := s.lockMigrations(ctx, session)
	if err != nil {
		return err
	}
	defer unlock()
	if s.engine == MySQL {
		if err := mysqlCollation(ctx, session); err != nil {
			return err
		}
	}
	if s.engine == Postgres {
		if err := requireSchema(ctx, session); err != nil {
			return err
		}
	}
	m := &migrator{engine: s.engine, session: session, notice: s.notice}
	if m.steps, err = s.provider(session); err != nil {
		return err
	}
	if m.notes, err = s.noteProvider(session, m.steps.ListSources()); err != nil {
		return err
	}
	if err := f(m); err != nil {
		return err
	}
	return m.clearBegun(context.WithoutCancel(ctx))
}

// missing returns the migrations that aren't applied, oldest first.
func (m *migrator) missing(ctx context.Context) ([]Migration, error) {
	applied, err := appliedMigrations(ctx, m.engine, m.session)
	if err != nil {
		return nil, err
	}
	var missing []Migration
	for _, source := range m.steps.ListSources() {
		if _, ok := applied[source.Version]; ok {
			continue
		}
		if source.Version < newest(applied) {
			return nil, fmt.Errorf("migration %d is missing, although %d is applied", source.Version, newest(applied))
		}
		missing = append(missing, migrationOf(source))
	}
	return missing, nil
}

// migration returns the migration with this version. Its name is empty if this program doesn't know
// the version.
func (m *migrator) migration(version int64) Migration {
	for _, source := range m.steps.ListSources() {
		if source.Version == version {
			return migrationOf(source)
		}
	}
	return Migration{Version: version}
}

// run runs a step to its end, even if ctx ends meanwhile. PostgreSQL and SQLite run and record the
// step in one transaction.
func (m *migrator) run(ctx context.Context, s step) error {
	told := m.noticeStop(ctx, s)
	defer told()
	ctx = context.WithoutCancel(ctx)
	if s.up {
		if err := m.noteCompatible(ctx, s); err != nil {
			return err
		}
	}
	repeated, err := m.begin(ctx, s)
	if err != nil {
		return err
	}
	_, err = m.steps.ApplyVersion(ctx, s.version, s.up)
	if partial, ok := errors.AsType[*goose.PartialError](err); ok {
		err = partial.Err
	}
	if err != nil && m.engine == MySQL {
		err = m.resolve(ctx, s, repeated, err)
	}
	if err != nil {
		return fmt.Errorf("migration %d %s: %w", s.version, m.migration(s.version).Name, err)
	}
	if !s.up {
		return m.noteCompatible(ctx, s)
	}
	return nil
}

// noticeStop tells the operator, if ctx ends before the step does, that the step is finished first.
// The caller calls the returned function after the step.
func (m *migrator) noticeStop(ctx context.Context, s step) func() {
	ended, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		select {
		case <-ctx.Done():
			m.notice(fmt.Sprintf("migration %d is finished before this program stops", s.version))
		case <-ended:
		}
	}()
	return func() { close(ended); <-told }
}

// note records a step as done without running it.
func (m *migrator) note(ctx context.Context, s step) error {
	if _, err := m.notes.ApplyVersion(ctx, s.version, s.up); err != nil {
		return fmt.Errorf("note migration %d: %w", s.version, err)
	}
	return nil
}

// provider returns a goose provider for our migrations. If pool is nil, it can only list them.
func (s *Store) provider(pool *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations.FS, string(s.engine))
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	if pool == nil {
		pool = s.database.sqlDB()
	}
	p, err := goose.NewProvider(dialects[s.engine], pool, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

func (s *Store) noteProvider(pool *sql.DB, sources []*goose.Source) (*goose.Provider, error) {
	var empty []*goose.Migration
	for _, source := range sources {
		empty = append(empty, goose.NewGoMigration(source.Version, nil, nil))
	}
	p, err := goose.NewProvider(dialects[s.engine], pool, nil, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(empty...))
	if err != nil {
		return nil, fmt.Errorf("prepare to note migrations: %w", err)
	}
	return p, nil
}

var dialects = map[Engine]goose.Dialect{Postgres: goose.DialectPostgres, MySQL: goose.DialectMySQL, SQLite: goose.DialectSQLite3}
