package app

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/gen/contract"
	"github.com/tenantry/tenantry/internal/backup"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

func (p *program) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write the database into a file, while the server runs",
		Long: `Backup writes a consistent copy of the database into FILE, and its description into FILE.json. Both have mode 0600, because they
contain password hashes. FILE must not exist. If the backup is stopped or fails, there is no FILE.

SQLite needs nothing else. PostgreSQL needs pg_dump, and MariaDB mariadb-dump, of the server's version or newer. On PostgreSQL only a
superuser or a role with BYPASSRLS sees the rows of all tenants: name it in BACKUP_DATABASE_URL. For anybody else the backup fails.

The backup has no secrets: keep SECRET_KEY and AUDIT_KEY elsewhere.`,
		Example:           `  tenantry backup "/backups/tenantry-$(date -u +%FT%H%M%SZ)"`,
		Args:              oneFile,
		ValidArgsFunction: completeFile,
		RunE:              func(cmd *cobra.Command, args []string) error { return p.backup(cmd.Context(), args[0]) },
	}
}

func (p *program) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Restore a backup into an empty database, and check it",
		Long: `Restore writes a backup of "tenantry backup" into the database of BACKUP_DATABASE_URL or, if that isn't set, DATABASE_URL. The
database must exist and be empty, and its server must have the roles of the old one. Restore first compares FILE with FILE.json.
Afterwards it runs the checks of "tenantry doctor" and "tenantry audit verify".

PostgreSQL needs pg_restore and a superuser. If restoring is stopped or fails there, the database is still empty. MariaDB needs the program
mariadb; a database that was restored in part has to be made anew. With SQLite, stop the server first.

A backup with an older schema is restored as it is: run "tenantry migrate up" then.`,
		Example: `  createdb --owner=tenantry_owner tenantry_restored
  tenantry restore /backups/tenantry-2026-11-30T020000Z`,
		Args:              oneFile,
		ValidArgsFunction: completeFile,
		RunE:              func(cmd *cobra.Command, args []string) error { return p.restore(cmd.Context(), args[0]) },
	}
}

func completeFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// openBackupStore opens the database as the user who makes backups.
func openBackupStore(ctx context.Context, cfg config.Config) (*store.Store, error) {
	if !cfg.BackupDatabaseURL.IsSet() {
		return openStore(ctx, cfg, store.Options{})
	}
	s, err := store.Open(ctx, cfg.BackupDatabaseURL.Reveal(), store.Options{MaxConnections: 1})
	if err != nil {
		return nil, fmt.Errorf("BACKUP_DATABASE_URL: %w", err)
	}
	return s, nil
}

// untilHangup returns a context that also ends when the terminal is closed, unless SIGHUP is
// ignored, as under nohup.
func untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	if signal.Ignored(syscall.SIGHUP) {
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, syscall.SIGHUP)
}

func (p *program) backup(ctx context.Context, path string) error {
	ctx, stop := untilHangup(ctx)
	defer stop()
	return p.with(ctx, openBackupStore, func(ctx context.Context, s *store.Store, cfg config.Config) error {
		if cfg.BackupDatabaseURL.IsSet() {
			if err := mustBeServed(ctx, cfg, s); err != nil {
				return err
			}
		}
		m, err := backup.Make(ctx, s, path, contract.Version, time.Now())
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s has %d bytes: %s with version %d of the schema. What is in it says %s.json; keep both.\n", path, m.Size, m.Engine, m.Schema, path)
		return nil
	})
}

// mustBeServed returns an error if the database is neither the one of DATABASE_URL nor a replica of
// it. It compares the times when the migrations were applied, because Store.IsSameDatabase refuses
// replicas: their locks are separate.
func mustBeServed(ctx context.Context, cfg config.Config, s *store.Store) error {
	serving, err := openStore(ctx, cfg, store.Options{MaxConnections: 1})
	if err != nil {
		return err
	}
	defer serving.Close()
	served, err := serving.Migrations(ctx)
	if err != nil {
		return err
	}
	ours, err := s.Migrations(ctx)
	if err != nil {
		return err
	}
	for i := range served {
		if !served[i].AppliedAt.Equal(ours[i].AppliedAt) {
			return fmt.Errorf("BACKUP_DATABASE_URL leads to another database than DATABASE_URL: their migrations were not applied at the same time")
		}
	}
	return nil
}

func (p *program) restore(ctx context.Context, path string) error {
	ctx, stop := untilHangup(ctx)
	defer stop()
	m, err := backup.Read(path)
	if err != nil {
		return err
	}
	var needed int64
	err = p.with(ctx, openBackupStore, func(ctx context.Context, s *store.Store, _ config.Config) error {
		if _, needed, err = s.SchemaVersion(ctx); err != nil {
			return err
		}
		return backup.Restore(ctx, s, path, m)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "The database is restored as it was at %s.\n", m.MadeAt.Format(time.RFC3339))
	if m.Schema < needed {
		fmt.Fprintf(p.stdout, "It has version %d of the schema, and this program needs %d. Now run:\n  tenantry migrate up\n  tenantry doctor\n  tenantry audit verify\n", m.Schema, needed)
		return nil
	}
	if err := p.doctor(ctx, false); err != nil {
		return fmt.Errorf("the database is restored, but %w", err)
	}
	err = p.withTrail(ctx, "", func(ctx context.Context, v verification) error { return v.verify(ctx, "") })
	if err != nil {
		return fmt.Errorf("the database is restored, but: %w", err)
	}
	return nil
}
