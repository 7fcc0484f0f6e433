// Package backup writes a database into a file, and restores it into an empty database. The file
// has the format of the engine's own programs, so that it can be restored without Tenantry, too.
package backup

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/tenantry/tenantry/internal/store"
)

// versionTable holds the version of the schema. On MySQL it is restored last, so that the server
// refuses an incompletely restored database.
const versionTable = "goose_db_version"

// Make writes the database into a new file, and its manifest into a file beside it, both with mode
// 0600. Others may use the database meanwhile. If Make fails or is stopped, it leaves no file.
func Make(ctx context.Context, s *store.Store, path, version string, now time.Time) (Manifest, error) {
	if err := errors.Join(mustBeFree(path), mustBeFree(path+manifestSuffix)); err != nil {
		return Manifest{}, err
	}
	m, err := describe(ctx, s, version, now)
	if err != nil {
		return Manifest{}, err
	}
	hasManifest := false
	err = createAtomically(path, func(part *os.File) error {
		if err := dump(ctx, s, m.Server, part); err != nil {
			return err
		}
		if m.Size, m.SHA256, err = digest(part.Name()); err != nil {
			return err
		}
		err := m.write(path + manifestSuffix)
		hasManifest = err == nil
		return err
	})
	if err != nil && hasManifest {
		return m, errors.Join(err, os.Remove(path+manifestSuffix))
	}
	return m, err
}

// describe returns the manifest, except for the facts about the file.
func describe(ctx context.Context, s *store.Store, version string, now time.Time) (Manifest, error) {
	m := Manifest{Engine: s.Engine(), Program: version, MadeAt: now.UTC()}
	var err error
	if m.Schema, _, err = s.SchemaVersion(ctx); err != nil {
		return m, err
	}
	if m.Schema == 0 {
		return m, errors.New("the database is empty: there is nothing to back up")
	}
	if m.Server, err = s.ServerVersion(ctx); err != nil {
		return m, err
	}
	m.Owner, err = s.TablesOwner(ctx)
	return m, err
}

// dump writes a consistent copy of the database into an open, empty file.
func dump(ctx context.Context, s *store.Store, server string, file *os.File) error {
	switch s.Engine() {
	case store.SQLite:
		return s.CopyInto(ctx, file.Name())
	case store.Postgres:
		return dumpPostgres(ctx, s, server, file)
	default:
		tables, err := s.Tables(ctx)
		if err != nil {
			return err
		}
		if i := slices.Index(tables, versionTable); i >= 0 {
			tables = append(slices.Delete(tables, i, i+1), versionTable)
		}
		p, database, remove, err := mysql(ctx, s, server, "mariadb-dump", "mysqldump")
		if err != nil {
			return err
		}
		defer remove()
		return p.run(ctx, nil, file, append([]string{
			"--single-transaction", "--quick", "--hex-blob", "--triggers", "--no-tablespaces", "--", database,
		}, tables...)...)
	}
}
