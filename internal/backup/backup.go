// Package backup writes a database into a file, and puts it back into an empty database. The file has the format of the engine's own
// programs, so that it can be put back without this one, too.
package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tenantry/tenantry/internal/store"
)

// versionTable holds the version of the schema. MySQL gets it last, so that the server refuses a database that was put back in part.
const versionTable = "goose_db_version"

// Make writes the database into a file that doesn't exist yet, with its manifest beside it, both of mode 0600. Others may use the database
// meanwhile. If it fails or is stopped, there is no such file.
func Make(ctx context.Context, s *store.Store, path, version string, now time.Time) (Manifest, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fmt.Errorf("%s exists already: a backup overwrites nothing", path)
		}
		return Manifest{}, err
	}
	m, err := describe(ctx, s, version, now)
	if err != nil {
		return Manifest{}, err
	}
	part, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part") // of mode 0600
	if err != nil {
		return Manifest{}, err
	}
	defer os.Remove(part.Name()) // it is gone if all went well
	defer part.Close()
	if err := dump(ctx, s, m.Server, part); err != nil {
		return Manifest{}, err
	}
	if err := part.Sync(); err != nil {
		return Manifest{}, err
	}
	if m.Size, m.SHA256, err = digest(part.Name()); err != nil {
		return Manifest{}, err
	}
	if err := m.write(path + manifestSuffix); err != nil {
		return Manifest{}, err
	}
	if err := os.Rename(part.Name(), path); err != nil {
		return Manifest{}, err
	}
	return m, syncFolder(path)
}

// describe asks the database what the manifest says of it.
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

// dump writes the database, as it is at one moment, into a file that is open and empty.
func dump(ctx context.Context, s *store.Store, server string, file *os.File) error {
	switch s.Engine() {
	case store.SQLite:
		return s.CopyInto(ctx, file.Name())
	case store.Postgres:
		p, _, err := postgres(ctx, s, server, "pg_dump")
		if err != nil {
			return err
		}
		// pg_dump reads nothing if row-level security hides rows from the user.
		return p.run(ctx, nil, file, "--format=custom", "--no-password")
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

func (m Manifest) write(path string) error {
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	_, err = part.Write(append(content, '\n'))
	if err := errors.Join(err, part.Sync(), part.Close()); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}

// syncFolder makes a new name in the folder of a file outlive a crash of the machine.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
