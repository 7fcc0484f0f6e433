package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/store"
)

// verification holds what the commands verify, accept and checkpoint share.
type verification struct {
	program  *program
	store    *store.Store
	keys     *audit.Keys
	heads    *audit.Heads // from AUDIT_CHECKPOINT_FILE
	verifier *audit.Verifier
	tenant   string // the code of the only tenant to look at; "" for all
	json     bool
}

func (p *program) withTrail(ctx context.Context, tenant string, run func(context.Context, verification) error) error {
	return p.withStore(ctx, func(ctx context.Context, s *store.Store, cfg config.Config) error {
		keys, err := AuditKeys(cfg)
		if err != nil {
			return err
		}
		heads, err := loadHeads(keys, cfg)
		if err != nil {
			return err
		}
		verifier := audit.NewVerifier(s, keys)
		verifier.UseHeads(heads)
		return run(ctx, verification{program: p, store: s, keys: keys, heads: heads, verifier: verifier, tenant: strings.ToUpper(tenant)})
	})
}

func (p *program) auditVerifyCommand() *cobra.Command {
	var tenant, checkpoints string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [--tenant CODE] [--checkpoint FILE] [--json]",
		Short: "Find audit entries that were altered, removed or added outside the program",
		Long: `Verify reads the audit trails of all tenants with AUDIT_KEY, and names the first wrong entry of each. It changes nothing, and the
server may run meanwhile. The exit status is 1 if a trail is wrong.

To detect a trail that was cut off or restored to an older state, verify must know its end: from AUDIT_CHECKPOINT_FILE, if that is
set, or from a checkpoint. Create checkpoints often, and keep them where the database's writers can't write. Late sealing of
entries from before the checkpoint isn't reported.`,
		Example: `  tenantry audit checkpoint > /elsewhere/monday.txt
  tenantry audit verify --checkpoint /elsewhere/monday.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withTrail(cmd.Context(), tenant, func(ctx context.Context, v verification) error {
				v.json = asJSON
				return v.verify(ctx, checkpoints)
			})
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "only the tenant with this code")
	cmd.Flags().StringVar(&checkpoints, "checkpoint", "", "a file that `tenantry audit checkpoint` has written")
	cmd.Flags().BoolVar(&asJSON, "json", false, "a line of JSON for each tenant")
	return cmd
}

func (p *program) auditCheckpointCommand() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use:     "checkpoint [--tenant CODE]",
		Short:   "Print the present ends of the audit trails, for a later verify",
		Example: `  tenantry audit checkpoint > /elsewhere/monday.txt`,
		Long: `Checkpoint seals the waiting audit entries, and prints the end of each tenant's trail, signed with AUDIT_KEY. A later verify uses it
to check that these entries still exist. Checkpoint verifies nothing itself, but fails if a trail has lost the end in
AUDIT_CHECKPOINT_FILE.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withTrail(cmd.Context(), tenant, func(ctx context.Context, v verification) error { return v.checkpoint(ctx) })
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "only the tenant with this code")
	return cmd
}

func (p *program) auditAcceptCommand() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use:   "accept --tenant CODE",
		Short: "Accept the present end of a tenant's audit trail after the database was restored",
		Long: `The server stops sealing the audit entries of a tenant whose trail has lost an end that it knows, and logs an error. Possible
reasons: the database was restored from a backup, a standby without the last changes was promoted, or someone removed seals.

Find the reason first; afterwards nobody can find out what was lost. Accept writes an entry audit.accept, signed with AUDIT_KEY, into
the tenant's trail. Within seconds all servers continue to seal from its present end.`,
		Example: `  tenantry audit accept --tenant ACME`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if tenant == "" {
				return errors.New("--tenant is missing: the code of the tenant")
			}
			return p.withTrail(cmd.Context(), tenant, func(ctx context.Context, v verification) error { return v.accept(ctx) })
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "the tenant with this code")
	return cmd
}

func (v verification) accept(ctx context.Context) error {
	ctx = access.WithRequest(ctx, &access.Request{ID: newID().String(), UserAgent: "tenantry audit accept"})
	log := audit.NewLog(v.keys, wallClock, newID)
	return v.each(ctx, func(tenant db.ListTenantCodesRow) error {
		seq, err := audit.Accept(ctx, v.store, log, v.heads, tenant.ID)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(v.program.stdout, "The audit trail of %s goes on from number %d, which is its end now.\n", tenant.Code, seq)
		return err
	})
}

// each calls f for the selected tenants. It returns an error if the only selected one doesn't
// exist.
func (v verification) each(ctx context.Context, f func(db.ListTenantCodesRow) error) error {
	found := v.tenant == ""
	err := eachTenant(ctx, v.store, func(tenant db.ListTenantCodesRow) error {
		if v.tenant != "" && tenant.Code != v.tenant {
			return nil
		}
		found = true
		if err := f(tenant); err != nil {
			return fmt.Errorf("tenant %s: %w", tenant.Code, err)
		}
		return nil
	})
	if err == nil && !found {
		return fmt.Errorf("there is no tenant %.40q", v.tenant)
	}
	return err
}

func (v verification) checkpoint(ctx context.Context) error {
	sealer := audit.NewSealer(v.store, v.keys, nil)
	sealer.UseHeads(v.heads)
	return v.each(ctx, func(tenant db.ListTenantCodesRow) error {
		if _, err := sealer.Seal(ctx, tenant.ID); err != nil {
			return err
		}
		text, err := v.verifier.Checkpoint(ctx, tenant.ID)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(v.program.stdout, "%s %s %s\n", tenant.ID, tenant.Code, text)
		return err
	})
}

// readCheckpoints reads the file that --checkpoint names.
func readCheckpoints(path string) (map[uuid.UUID]audit.Checkpoint, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--checkpoint: %w", err)
	}
	defer file.Close()
	all, err := audit.ReadCheckpoints(file)
	if err != nil {
		return nil, fmt.Errorf("--checkpoint: %s: %w", path, err)
	}
	return all, nil
}

func (v verification) verify(ctx context.Context, checkpoints string) error {
	earlier := map[uuid.UUID]audit.Checkpoint{}
	if checkpoints != "" {
		var err error
		if earlier, err = readCheckpoints(checkpoints); err != nil {
			return err
		}
	}
	known := v.heads.Tenants()
	wrong := 0
	err := v.each(ctx, func(tenant db.ListTenantCodesRow) error {
		result, err := v.run(ctx, tenant.ID, earlier[tenant.ID].Text)
		if err != nil {
			return err
		}
		delete(earlier, tenant.ID)
		delete(known, tenant.ID)
		if result.Status != audit.Intact {
			wrong++
		}
		return v.print(tenant, result)
	})
	if err != nil {
		return err
	}
	if v.tenant == "" {
		gone, err := v.gone(ctx, earlier, known)
		if err != nil {
			return err
		}
		wrong += gone
	}
	if wrong > 0 {
		return fmt.Errorf("audit trails that are not as they were written, or can't be verified: %d", wrong)
	}
	return nil
}

// gone reports tenants that don't exist any more, and returns their number. It considers tenants
// with a checkpoint, and tenants in AUDIT_CHECKPOINT_FILE that weren't deleted through the API.
func (v verification) gone(ctx context.Context, earlier map[uuid.UUID]audit.Checkpoint, known map[uuid.UUID]bool) (int, error) {
	missing := map[uuid.UUID]string{}
	for id := range known {
		deleted, err := v.heads.Deleted(ctx, v.store, id)
		if err != nil {
			return 0, err
		}
		if !deleted {
			missing[id] = fmt.Sprintf("tenant %s is in AUDIT_CHECKPOINT_FILE, and is gone with its trail. Nobody has deleted it through the API.", id)
		}
	}
	for id, c := range earlier {
		missing[id] = fmt.Sprintf("tenant %s (%s) has a checkpoint, and is gone with its trail. If it was deleted, the platform's trail says by whom.", c.Code, id)
	}
	for _, line := range slices.Sorted(maps.Values(missing)) {
		fmt.Fprintf(v.program.stderr, "tenantry: %s\n", line)
	}
	return len(missing), nil
}

func (v verification) run(ctx context.Context, tenantID uuid.UUID, checkpoint string) (audit.Verification, error) {
	check, err := v.verifier.Begin(tenantID, checkpoint)
	if invalid, ok := errors.AsType[*errs.Error](err); ok {
		return audit.Verification{}, errors.New("its checkpoint can't be used: " + invalid.Fields[0].Detail)
	}
	if err != nil {
		return audit.Verification{}, err
	}
	for {
		done, err := check.Step(ctx)
		if err != nil {
			return audit.Verification{}, err
		}
		if done {
			return check.Result(), nil
		}
	}
}

func (v verification) print(tenant db.ListTenantCodesRow, result audit.Verification) error {
	if !v.json {
		_, err := fmt.Fprintf(v.program.stdout, "%-32s  %-12s  %s\n", tenant.Code, result.Status, result.Detail())
		return err
	}
	return json.NewEncoder(v.program.stdout).Encode(struct {
		api.AuditVerification

		TenantID uuid.UUID `json:"tenant_id"`
		Code     string    `json:"code"`
	}{httpapi.ToAPIAuditVerification(result), tenant.ID, tenant.Code})
}
