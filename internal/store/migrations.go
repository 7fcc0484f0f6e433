package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
)

// Migration is one version of the schema.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero if it isn't applied
}

// Migrations returns all migrations that this program knows, oldest first. It changes nothing and
// waits for no lock.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	p, err := s.provider(nil)
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
		list[i] = migrationOf(source)
		list[i].AppliedAt = applied[source.Version]
	}
	return list, nil
}

// SchemaVersion returns the current version of the database's schema, 0 for an empty database, and
// the version that this program needs. It changes nothing and waits for no lock.
func (s *Store) SchemaVersion(ctx context.Context) (current, needed int64, err error) {
	applied, err := s.applied(ctx)
	if err != nil {
		return 0, 0, err
	}
	return newest(applied), s.needed, nil
}

func (s *Store) applied(ctx context.Context) (map[int64]time.Time, error) {
	conn, err := s.database.sqlDB().Conn(ctx) // one for all queries, as PostgreSQL's pool keeps none
	if err != nil {
		return nil, fmt.Errorf("find table of migrations: %w", err)
	}
	defer func() { _ = conn.Close() }()
	return appliedMigrations(ctx, s.engine, conn)
}

// reader is a connection, or a pool of them.
type reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// appliedMigrations returns when each applied migration was applied, by version.
func appliedMigrations(ctx context.Context, engine Engine, db reader) (map[int64]time.Time, error) {
	applied, _, err := migrationState(ctx, engine, db)
	return applied, err
}

// migrationState returns the versions in goose's table, and the step that was begun last if it is
// unfinished. It doesn't ask goose, which would create its table without a lock and fail if several
// processes do so at once.
func migrationState(ctx context.Context, engine Engine, db reader) (applied map[int64]time.Time, begun step, err error) {
	applied = make(map[int64]time.Time)
	exists, err := tableExists(ctx, engine, db, "goose_db_version")
	if err != nil || !exists {
		return applied, step{}, err
	}
	var version int64
	var at time.Time
	const query = "SELECT version_id, tstamp FROM goose_db_version WHERE version_id > 0"
	if err := eachRow(ctx, db, query, func() { applied[version] = at }, &version, &at); err != nil {
		return nil, step{}, fmt.Errorf("read migrations: %w", err)
	}
	begun, err = begunStep(ctx, engine, db)
	if err != nil {
		return nil, step{}, err
	}
	if !begun.up {
		delete(applied, begun.version) // part of it may be gone
	}
	return applied, begun, nil
}

func tableExists(ctx context.Context, engine Engine, db reader, table string) (bool, error) {
	query := "SELECT count(*) FROM sqlite_schema WHERE name = ?"
	switch engine {
	case Postgres:
		query = "SELECT count(to_regclass($1))"
	case MySQL:
		query = "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = ?"
	case SQLite:
	}
	var tables int
	if err := db.QueryRowContext(ctx, query, table).Scan(&tables); err != nil {
		return false, fmt.Errorf("look for table %s: %w", table, err)
	}
	return tables > 0, nil
}

// newest returns the highest version, or 0 if there is none.
func newest(applied map[int64]time.Time) int64 {
	return slices.Max(append(slices.Collect(maps.Keys(applied)), 0))
}

// migrationOf takes version and name from a file name of the form <number>_<name>.sql.
func migrationOf(source *goose.Source) Migration {
	base := source.Path
	for i, c := range base {
		if c == '_' {
			base = base[i+1 : len(base)-len(".sql")]
			break
		}
	}
	return Migration{Version: source.Version, Name: base}
}
