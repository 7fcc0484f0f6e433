package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

func (p *program) migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Change the database's schema",
		Long:  "Migrate changes the schema of the database at DATABASE_URL. Any number of processes may do so at once: one works, the others wait.",
		// Without these two, a misspelt subcommand would show the help and count as success.
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var yes bool
	down := &cobra.Command{
		Use:   "down",
		Short: "Take back the newest migration, with the data that it made room for",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withStore(cmd.Context(), func(ctx context.Context, s *store.Store, cfg config.Config) error {
				return p.migrateDown(ctx, s, cfg, yes)
			})
		},
	}
	down.Flags().BoolVar(&yes, "yes", false, "do it in staging and production, too")
	cmd.AddCommand(
		p.migrateSubcommand("up", "Apply all migrations that are missing", p.migrateUp),
		down,
		p.migrateSubcommand("status", "List the migrations, and when they were applied", p.migrateStatus),
		p.migrateSubcommand("version", "Say which version the schema has, and which one is needed", p.migrateVersion),
	)
	return cmd
}

func (p *program) migrateSubcommand(name, short string, run func(context.Context, *store.Store, config.Config) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.withStore(cmd.Context(), run) },
	}
}

// withStore runs a command that needs the settings and the database, and nothing else.
func (p *program) withStore(ctx context.Context, run func(context.Context, *store.Store, config.Config) error) error {
	cfg, err := p.config()
	if err != nil {
		return err
	}
	s, err := openStore(ctx, cfg)
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
