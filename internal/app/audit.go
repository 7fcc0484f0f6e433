package app

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/openapi"
)

// tenantsPerPage is how many tenants eachTenant reads at once.
const tenantsPerPage = 100

func (p *program) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Verify, accept and prune the audit trail",
		Long: `Every change is in the audit trail of its tenant, signed with AUDIT_KEY. These commands verify the trail and delete old
entries.`,
		Example: "  tenantry audit verify",
		// Without NoArgs and RunE a misspelt subcommand would show the help and exit with status 0.
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.auditVerifyCommand(), p.auditCheckpointCommand(), p.auditAcceptCommand(), p.auditPruneCommand())
	return cmd
}

func (p *program) auditPruneCommand() *cobra.Command {
	var before string
	var yes bool
	cmd := &cobra.Command{
		Use:   "prune --before DATE [--yes]",
		Short: "Delete audit entries from before a date, in all tenants",
		Long: `Prune deletes the audit entries of all tenants from before a date, the oldest first. Entries can't be deleted in any other
way, and a deletion can't be undone: export the entries that you have to keep.

Without --yes prune deletes nothing and shows what it would delete. You can stop and repeat it at any time. The server may run
meanwhile. Prune deletes 1000 entries at a time and adds an entry audit.prune with their number to the same trail.`,
		Example: `  tenantry audit prune --before 2025-01-01         what would go
  tenantry audit prune --before 2025-01-01 --yes   let it go

  # every night: keep two years
  tenantry audit prune --yes --before "$(date -u -d '2 years ago' +%F)"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			until, err := parseDate(before)
			if err != nil {
				return err
			}
			return p.withStore(cmd.Context(), func(ctx context.Context, s *store.Store, cfg config.Config) error {
				keys, err := AuditKeys(cfg)
				if err != nil {
					return err
				}
				return p.auditPrune(ctx, s, keys, until, yes)
			})
		},
	}
	cmd.Flags().StringVar(&before, "before", "", "the first day to keep, in UTC, as in 2025-01-01; or a time, as in 2025-01-01T09:30:00Z")
	cmd.Flags().BoolVar(&yes, "yes", false, "really delete them")
	return cmd
}

// wallClock returns the time in UTC with microseconds, as all engines store it.
func wallClock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// parseDate parses a time, or a date, which means midnight in UTC.
func parseDate(text string) (time.Time, error) {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		at, err = openapi.ParseTime(text)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("--before must be a date, as in 2025-01-01, or a time, as in 2025-01-01T09:30:00Z, and not %q", text)
	}
	if at.After(time.Now()) {
		return time.Time{}, fmt.Errorf("--before %s is in the future: that would delete the whole trail. Name a day that has begun", text)
	}
	return at, nil
}

func (p *program) auditPrune(ctx context.Context, s *store.Store, keys *audit.Keys, before time.Time, yes bool) error {
	pruner := audit.NewPruner(s, audit.NewLog(keys, wallClock, newID))
	// All entries of this run get the same request id.
	ctx = access.WithRequest(ctx, &access.Request{ID: newID().String(), UserAgent: "tenantry audit prune"})
	act, verb := pruner.Count, "would delete"
	if yes {
		act, verb = pruner.Prune, "deleted"
	}
	var total int64
	err := eachTenant(ctx, s, func(tenant db.ListTenantCodesRow) error {
		n, err := act(ctx, tenant.ID, before)
		if n > 0 {
			fmt.Fprintf(p.stdout, "%-32s  %s %d entries\n", tenant.Code, verb, n)
		}
		total += n
		if err != nil {
			return fmt.Errorf("tenant %s: %w", tenant.Code, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch {
	case total == 0:
		fmt.Fprintf(p.stdout, "There are no audit entries from before %s.\n", before.Format(time.RFC3339))
	case !yes:
		fmt.Fprintf(p.stdout, "Nothing has been deleted. To delete these %d entries, say it again with --yes.\n", total)
	}
	return nil
}

// eachTenant calls f for every tenant, including the platform, sorted by code.
func eachTenant(ctx context.Context, s *store.Store, f func(db.ListTenantCodesRow) error) error {
	after := ""
	for {
		page, err := s.ListTenantCodes(ctx, db.ListTenantCodesParams{AfterCode: after, Limit: tenantsPerPage})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, tenant := range page {
			if err := f(tenant); err != nil {
				return err
			}
			after = tenant.Code
		}
	}
}
