package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tenantry/tenantry/internal/store"
)

// Restore restores a backup, which Read has checked, into an empty database. The store can't be
// used afterwards. If Restore is stopped, the database is still empty on PostgreSQL and SQLite; on
// MySQL it has tables but no version of the schema.
func Restore(ctx context.Context, s *store.Store, path string, m Manifest) error {
	_, known, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	switch {
	case m.Engine != s.Engine():
		return fmt.Errorf("this is a backup of %s, but DATABASE_URL leads to %s", m.Engine, s.Engine())
	case m.Schema > known:
		return fmt.Errorf("the backup has version %d of the schema, and this program knows only %d: use Tenantry %s or a newer one", m.Schema, known, m.Program)
	}
	tables, err := s.Tables(ctx)
	if err != nil {
		return err
	}
	if len(tables) > 0 {
		return fmt.Errorf("the database isn't empty: it has the table %s. Create a new database and set DATABASE_URL to it", tables[0])
	}
	switch m.Engine {
	case store.SQLite:
		return restoreSQLite(s, path)
	case store.Postgres:
		return restorePostgres(ctx, s, path, m)
	default:
		return restoreMySQL(ctx, s, path)
	}
}

func restoreMySQL(ctx context.Context, s *store.Store, path string) error {
	server, err := s.ServerVersion(ctx)
	if err != nil {
		return err
	}
	p, database, remove, err := mysql(ctx, s, server, "mariadb", "mysql")
	if err != nil {
		return err
	}
	defer remove()
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := p.run(ctx, file, io.Discard, "--database="+database); err != nil {
		return fmt.Errorf("the database has a part of the backup now; drop it and create it again before the next try: %w", err)
	}
	return nil
}

// restoreSQLite replaces the empty database by a copy of the backup.
func restoreSQLite(s *store.Store, path string) error {
	target := s.File()
	s.Close()
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	return replaceAtomically(target, func(part *os.File) error {
		if _, err := io.Copy(part, from); err != nil {
			return err
		}
		for _, suffix := range []string{"-wal", "-shm"} { // of the empty database
			if err := os.Remove(target + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
}
