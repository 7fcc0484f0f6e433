package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

func (p *program) migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Change the database's schema",
		Long: `Migrate changes the schema of the database at MIGRATIONS_DATABASE_URL, or at DATABASE_URL if that isn't set. Any number of processes
may do so at once: one works, the others wait.`,
		Example: "  tenantry migrate up",
		// Without NoArgs and RunE a misspelt subcommand would show the help and exit with status 0.
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var yes bool
	down := &cobra.Command{
		Use:   "down",
		Short: "Revert the newest migration, and delete the data that only it can hold",
		Long: `Down reverts the newest migration. Data that the older schema can't hold is lost, so back up first. Use it to return to an older
program, which refuses a newer schema that isn't compatible.`,
		Example: "  tenantry migrate down --yes",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withOwnersStore(cmd.Context(), func(ctx context.Context, s *store.Store, cfg config.Config) error {
				return p.migrateDown(ctx, s, cfg, yes)
			})
		},
	}
	down.Flags().BoolVar(&yes, "yes", false, "do it in staging and production, too")
	stamp := &cobra.Command{
		Use:   "stamp VERSION",
		Short: "Record the migrations up to a version as applied, without running them",
		Long: `Stamp records the migrations up to a version as applied, without running them. Use it for a schema that was created in another
way, for example from a dump without the table goose_db_version. The schema must be exactly that of the version.`,
		Example: "  tenantry migrate stamp 14 --yes",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return errors.New("VERSION must be the number of a migration, as `tenantry migrate status` lists them")
			}
			return p.withOwnersStore(cmd.Context(), func(ctx context.Context, s *store.Store, cfg config.Config) error {
				return p.migrateStamp(ctx, s, cfg, version, yes)
			})
		},
	}
	stamp.Flags().BoolVar(&yes, "yes", false, "do it in staging and production, too")
	create := &cobra.Command{
		Use:   "create NAME",
		Short: "Make the file of a new migration (for developers)",
		Long: `Create makes sql/migrations/<next number>_NAME.sql, in the folder that holds Tenantry's source. make generate turns it into
the migrations of each engine.`,
		Example: "  tenantry migrate create add_company_logo",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return p.migrateCreate(args[0]) },
	}
	cmd.AddCommand(
		stamp, create,
		p.migrateSubcommand("up", "Apply all migrations that are missing",
			`Up applies all migrations that are missing. Older programs go on serving if the migrations are marked as
compatible with them. A signal to stop lets it finish the migration that it is at. If it was stopped at once, run it again:
it goes on where it was.`, p.migrateUp),
		down,
		p.migrateSubcommand("status", "List the migrations, and when they were applied",
			"Status lists all migrations that this program knows, the oldest first, and when each was applied. It changes nothing.", p.migrateStatus),
		p.migrateSubcommand("version", "Say which version the schema has, and which one is needed",
			"Version prints the version of the database's schema and the one that this program needs. It changes nothing.", p.migrateVersion),
	)
	return cmd
}

func (p *program) migrateSubcommand(name, short, long string, run func(context.Context, *store.Store, config.Config) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Long: long, Example: "  tenantry migrate " + name, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.withOwnersStore(cmd.Context(), run) },
	}
}

// withStore runs a command that needs only the settings and the database.
func (p *program) withStore(ctx context.Context, run func(context.Context, *store.Store, config.Config) error) error {
	return p.with(ctx, func(ctx context.Context, cfg config.Config) (*store.Store, error) {
		return openStore(ctx, cfg, store.Options{})
	}, run)
}

// withOwnersStore runs a command that changes the schema.
func (p *program) withOwnersStore(ctx context.Context, run func(context.Context, *store.Store, config.Config) error) error {
	return p.with(ctx, func(ctx context.Context, cfg config.Config) (*store.Store, error) {
		return openOwnersStore(ctx, cfg, func(message string) { fmt.Fprintf(p.stderr, "tenantry: %s\n", message) })
	}, func(ctx context.Context, s *store.Store, cfg config.Config) error {
		if cfg.MigrationsDatabaseURL.IsSet() {
			// Before the first migration the serving user may have no access yet.
			if serving, err := openStore(ctx, cfg, store.Options{}); err == nil {
				defer serving.Close()
				if err := requireSameDatabase(ctx, serving, s); err != nil {
					return err
				}
			}
		}
		return run(ctx, s, cfg)
	})
}

func (p *program) with(
	ctx context.Context, open func(context.Context, config.Config) (*store.Store, error), run func(context.Context, *store.Store, config.Config) error,
) error {
	cfg, err := p.config()
	if err != nil {
		return err
	}
	s, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	return run(ctx, s, cfg)
}

func (p *program) migrateUp(ctx context.Context, s *store.Store, _ config.Config) error {
	applied, err := s.MigrateUp(ctx)
	for _, m := range applied {
		fmt.Fprintf(p.stdout, "applied  %d %s\n", m.Version, m.Name)
	}
	if err == nil && len(applied) == 0 {
		fmt.Fprintln(p.stdout, "The schema is up to date.")
	}
	return err
}

func (p *program) migrateDown(ctx context.Context, s *store.Store, cfg config.Config, yes bool) error {
	if cfg.Environment != config.Development && !yes {
		return fmt.Errorf("this deletes data, and ENVIRONMENT is %s; add --yes if you are sure", cfg.Environment)
	}
	undone, err := s.MigrateDown(ctx)
	if errors.Is(err, store.ErrNotFound) {
		fmt.Fprintln(p.stdout, "The database is empty already.")
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "took back  %d %s\n", undone.Version, undone.Name)
	return nil
}

func (p *program) migrateStatus(ctx context.Context, s *store.Store, _ config.Config) error {
	list, err := s.Migrations(ctx)
	for _, m := range list {
		applied := "missing"
		if !m.AppliedAt.IsZero() {
			applied = m.AppliedAt.UTC().Format(time.DateTime)
		}
		fmt.Fprintf(p.stdout, "%-19s  %d %s\n", applied, m.Version, m.Name)
	}
	return err
}

func (p *program) migrateVersion(ctx context.Context, s *store.Store, _ config.Config) error {
	current, needed, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "database %d, needed %d\n", current, needed)
	return nil
}

func (p *program) migrateStamp(ctx context.Context, s *store.Store, cfg config.Config, version int64, yes bool) error {
	if cfg.Environment != config.Development && !yes {
		return fmt.Errorf("this changes what is known of the schema and not the schema, and ENVIRONMENT is %s; add --yes if you are sure", cfg.Environment)
	}
	noted, err := s.MigrateStamp(ctx, version)
	for _, m := range noted {
		fmt.Fprintf(p.stdout, "noted    %d %s\n", m.Version, m.Name)
	}
	if err == nil && len(noted) == 0 {
		fmt.Fprintln(p.stdout, "All of them were noted already.")
	}
	return err
}

var migrationName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// migrateCreate creates the source file of a migration. Numbers have no gaps.
func (p *program) migrateCreate(name string) error {
	if !migrationName.MatchString(name) {
		return errors.New("NAME must be like add_company_logo: lower-case letters, digits and _")
	}
	files, err := filepath.Glob(filepath.Join("sql", "migrations", "*.sql"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("there is no sql/migrations here: run this in the folder that holds Tenantry's source")
	}
	path := filepath.Join("sql", "migrations", fmt.Sprintf("%05d_%s.sql", len(files)+1, name))
	if err := os.WriteFile(path, nil, 0o644); err != nil { //nolint:gosec // source is for everybody to read
		return err
	}
	fmt.Fprintf(p.stdout, "made  %s\n", path)
	return nil
}
