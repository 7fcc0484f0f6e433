package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/seed"
)

func (p *program) seedCommand() *cobra.Command {
	var opts seed.Options
	var scale string
	var describe bool
	cmd := &cobra.Command{
		Use:   "seed",
		Short: "Load the demo data (development only)",
		Long: `Seed loads demo organisations and a superuser. It doesn't change existing tenants: another scale or seed needs an empty database.
The same seed and scale give the same data on every engine. docs/seed-data.md describes the data.

Everyone's password is password123; the superuser is superadmin@system.com with SuperAdmin123!`,
		Example: `  tenantry seed
  tenantry seed --scale small
  tenantry seed --scenario tech-startup,retail-chain`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Scale = seed.Scale(scale)
			if describe {
				_, err := fmt.Fprint(p.stdout, seed.Describe())
				return err
			}
			return p.seed(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringSliceVar(&opts.Scenarios, "scenario", nil, "only these: "+strings.Join(seed.Names(), ", "))
	if err := cmd.RegisterFlagCompletionFunc("scenario", completeScenarios); err != nil {
		panic(err) // there is no such flag
	}
	cmd.Flags().StringVar(&scale, "scale", string(seed.Full), "how much of each: "+strings.Join(seed.Scales(), " or "))
	if err := cmd.RegisterFlagCompletionFunc("scale", cobra.FixedCompletions(seed.Scales(), cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // there is no such flag
	}
	cmd.Flags().Uint64Var(&opts.Seed, "seed", 0, "another number gives other people")
	cmd.Flags().BoolVar(&describe, "describe", false, "load nothing, but print docs/seed-data.md")
	return cmd
}

// completeScenarios completes the last of several names.
func completeScenarios(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	var names []string
	for _, name := range seed.Names() {
		names = append(names, before+name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (p *program) seed(ctx context.Context, opts seed.Options) error {
	cfg, err := p.config()
	if err != nil {
		return err
	}
	if cfg.Environment != config.Development {
		return fmt.Errorf("demo data has passwords that everybody knows, so it is for development only, and ENVIRONMENT is %s", cfg.Environment)
	}
	a, err := p.open(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Migrate(ctx, cfg); err != nil {
		return err
	}
	keys, err := AuditKeys(cfg)
	if err != nil {
		return err
	}
	report, err := seed.Run(ctx, a.Store, keys, auth.NewPasswords(cfg.BcryptCost), opts)
	if err != nil {
		return err
	}
	for _, l := range report.Loaded {
		if l.Skipped {
			fmt.Fprintf(p.stdout, "%-18s is there already, and was left as it is; for another scale or seed use an empty database\n", l.Tenant)
			continue
		}
		fmt.Fprintf(p.stdout, "%-18s %4d users, %d companies, %2d branches, %2d departments, %4d audit entries; log in as %s\n",
			l.Tenant, l.Users, l.Companies, l.Branches, l.Departments, l.AuditEntries, l.Login)
	}
	return nil
}
