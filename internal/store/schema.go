package store

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/tenantry/tenantry/gen/migrations"
)

// compatibleMark is a line in a migration. Programs that don't know this migration can run after
// it, see docs/adr/0020-upgrades.md.
const compatibleMark = "-- tenantry: runs with older programs"

// SchemaMismatch means that this program can't run with the schema of the database. Its text says
// what to do.
type SchemaMismatch struct {
	Current, Needed int64
}

// IsBehind reports whether migrations that this program needs are missing.
func (m *SchemaMismatch) IsBehind() bool { return m.Current < m.Needed }

func (m *SchemaMismatch) Error() string {
	if m.IsBehind() {
		return fmt.Sprintf("the database has schema version %d, but this program needs %d: run `tenantry migrate up`", m.Current, m.Needed)
	}
	return fmt.Sprintf("the database has schema version %d, but this program knows only %d and doesn't run with a newer one: start a newer program", m.Current, m.Needed)
}

// CheckSchema returns a *SchemaMismatch if this program can't run with the schema of the database,
// and another error if that can't be determined. A newer schema is accepted if all migrations that
// this program doesn't know are marked as compatible with older programs. CheckSchema uses the
// connection for pings, so that it works while the pool is exhausted.
func (s *Store) CheckSchema(ctx context.Context) error {
	conn, err := s.database.pingDB().Conn(ctx)
	if err != nil {
		return fmt.Errorf("ask for the schema's version: %w", err)
	}
	defer func() { _ = conn.Close() }()
	applied, begun, err := migrationState(ctx, s.engine, conn)
	if err != nil {
		return err
	}
	mismatch := &SchemaMismatch{Current: newest(applied), Needed: s.needed}
	if mismatch.IsBehind() {
		return mismatch
	}
	var unknown []int64
	for version := range applied {
		if version > s.needed {
			unknown = append(unknown, version)
		}
	}
	if begun.version > s.needed {
		unknown = append(unknown, begun.version) // a part of it may be there, or be gone
	}
	if len(unknown) == 0 {
		return nil
	}
	mismatch.Current = max(mismatch.Current, slices.Max(unknown))
	compatible, err := compatibleMigrations(ctx, s.engine, conn)
	if err != nil {
		return err
	}
	for _, version := range unknown {
		if !compatible[version] {
			return mismatch
		}
	}
	return nil
}

// compatibleMigrations returns the versions that are recorded as compatible in the database,
// whether they are applied or not.
func compatibleMigrations(ctx context.Context, engine Engine, db reader) (map[int64]bool, error) {
	compatible := make(map[int64]bool)
	exists, err := tableExists(ctx, engine, db, "compatible_migrations")
	if err != nil || !exists {
		return compatible, err
	}
	var version int64
	err = eachRow(ctx, db, "SELECT version_id FROM compatible_migrations", func() { compatible[version] = true }, &version)
	if err != nil {
		return nil, fmt.Errorf("read which migrations are compatible: %w", err)
	}
	return compatible, nil
}

// noteCompatible records before a step that its migration is marked as compatible, so that no
// program finds it applied without the record. After a rollback it removes the record.
func (m *migrator) noteCompatible(ctx context.Context, s step) error {
	marked, err := isCompatible(m.engine, s.version)
	if err != nil || !marked {
		return err
	}
	statements := []string{fmt.Sprintf("DELETE FROM compatible_migrations WHERE version_id = %d", s.version)}
	if s.up {
		statements = append(statements, fmt.Sprintf("INSERT INTO compatible_migrations (version_id) VALUES (%d)", s.version))
	}
	for _, statement := range statements {
		if _, err := m.session.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("note whether migration %d is compatible: %w", s.version, err)
		}
	}
	return nil
}

// isCompatible reports whether a migration of this program is marked as compatible with older
// programs.
func isCompatible(engine Engine, version int64) (bool, error) {
	files, err := fs.Glob(migrations.FS, fmt.Sprintf("%s/%05d_*.sql", engine, version))
	if err != nil || len(files) != 1 {
		return false, fmt.Errorf("find migration %d: %d files, %w", version, len(files), err)
	}
	text, err := fs.ReadFile(migrations.FS, files[0])
	if err != nil {
		return false, fmt.Errorf("read migration %d: %w", version, err)
	}
	return slices.Contains(strings.Split(string(text), "\n"), compatibleMark), nil
}

// newestMigration returns the version of the schema that this program needs.
func newestMigration(engine Engine) (int64, error) {
	files, err := fs.Glob(migrations.FS, string(engine)+"/*.sql")
	if err != nil {
		return 0, fmt.Errorf("find migrations: %w", err)
	}
	var version int64
	for _, file := range files {
		number, err := goose.NumericComponent(path.Base(file))
		if err != nil {
			return 0, fmt.Errorf("read the number of %s: %w", file, err)
		}
		version = max(version, number)
	}
	return version, nil
}
