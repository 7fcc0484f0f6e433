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

// Restore puts a backup, which Read has read, into an empty database. The store can't be used afterwards. On PostgreSQL and SQLite a
// database whose restoring was stopped is still empty; on MySQL it has tables, and no version of the schema.
func Restore(ctx context.Context, s *store.Store, path string, m Manifest) error {
	_, known, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	switch {
	case m.Engine != s.Engine():
		return fmt.Errorf("this is a backup of %s, and DATABASE_URL leads to %s", m.Engine, s.Engine())
	case m.Schema > known:
		return fmt.Errorf("the backup has version %d of the schema, and this program knows only %d: use Tenantry %s or a newer one", m.Schema, known, m.Program)
	}
	tables, err := s.Tables(ctx)
	if err != nil {
		return err
	}
	if len(tables) > 0 {
		return fmt.Errorf("the database isn't empty: it has the table %s. Make a new database, and let DATABASE_URL name that", tables[0])
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
		return fmt.Errorf("the database has a part of the backup now; drop it and make it anew before the next try: %w", err)
	}
	return nil
}

// restoreSQLite puts a copy of the backup in the place of the empty database.
func restoreSQLite(s *store.Store, path string) error {
	target := s.File()
	s.Close()
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	return replaceWhole(target, func(part *os.File) error {
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
