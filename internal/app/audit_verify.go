package app

import (
	"bufio"
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
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/store"
)

// verification is what the commands verify and checkpoint share.
type verification struct {
	program  *program
	store    *store.Store
	keys     *audit.Keys
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
		return run(ctx, verification{program: p, store: s, keys: keys, verifier: audit.NewVerifier(s, keys), tenant: strings.ToUpper(tenant)})
	})
}

func (p *program) auditVerifyCommand() *cobra.Command {
	var tenant, checkpoints string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [--tenant CODE] [--checkpoint FILE] [--json]",
		Short: "Find audit entries that were altered, removed or added past the program",
		Long: `Verify reads the audit trails of all tenants, with AUDIT_KEY, and names the first entry of each that is not as it was written. It
changes nothing, and the server may run meanwhile. The exit status is 1 when something is wrong.

That the newest entries were cut off can only be seen with a checkpoint: make them often, and keep them where those who can write
to the database can't.`,
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
		Short:   "Print where the audit trails end now, for a later verify",
		Example: `  tenantry audit checkpoint > /elsewhere/monday.txt`,
		Long: `Checkpoint seals the audit entries that wait for it, and prints where the trail of each tenant ends, signed with AUDIT_KEY. Given to
a later verify, it shows whether these entries are still there. It doesn't verify anything itself.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withTrail(cmd.Context(), tenant, func(ctx context.Context, v verification) error { return v.checkpoint(ctx) })
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "only the tenant with this code")
	return cmd
}

// each calls f for the tenants that are wanted. It is an error if the only one doesn't exist.
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

// recorded is a line of a file of checkpoints.
type recorded struct{ code, checkpoint string }

// readCheckpoints reads a file of lines "ID CODE CHECKPOINT".
func readCheckpoints(path string) (map[uuid.UUID]recorded, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--checkpoint: %w", err)
	}
	defer file.Close()
	all := map[uuid.UUID]recorded{}
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 {
			return nil, fmt.Errorf("--checkpoint: line %d of %s is not one that `tenantry audit checkpoint` writes", n, path)
		}
		id, err := uuid.Parse(fields[0])
		if err != nil {
			return nil, fmt.Errorf("--checkpoint: line %d of %s doesn't begin with the id of a tenant", n, path)
		}
		if _, twice := all[id]; twice {
			return nil, fmt.Errorf("--checkpoint: line %d of %s is the second one for tenant %s; use a file for each time", n, path, fields[1])
		}
		all[id] = recorded{code: fields[1], checkpoint: fields[2]}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("--checkpoint: read %s: %w", path, err)
	}
	return all, nil
}

func (v verification) verify(ctx context.Context, checkpoints string) error {
	earlier := map[uuid.UUID]recorded{}
	if checkpoints != "" {
		var err error
		if earlier, err = readCheckpoints(checkpoints); err != nil {
			return err
		}
	}
	wrong := 0
	err := v.each(ctx, func(tenant db.ListTenantCodesRow) error {
		result, err := v.run(ctx, tenant.ID, earlier[tenant.ID].checkpoint)
		if err != nil {
			return err
		}
		delete(earlier, tenant.ID)
		if result.Status != audit.Intact {
			wrong++
		}
		return v.print(tenant, result)
	})
	if err != nil {
		return err
	}
	if v.tenant == "" {
		// What a checkpoint was made of can't just be gone.
		for _, id := range slices.SortedFunc(maps.Keys(earlier), func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }) {
			wrong++
			fmt.Fprintf(v.program.stderr, "tenantry: tenant %s (%s) has a checkpoint, and is gone with its trail. If it was deleted, the platform's trail says by whom.\n",
				earlier[id].code, id)
		}
	}
	if wrong > 0 {
		return fmt.Errorf("audit trails that are not as they were written, or can't be verified: %d", wrong)
	}
	return nil
}

func (v verification) run(ctx context.Context, tenantID uuid.UUID, checkpoint string) (audit.Verification, error) {
	check, err := v.verifier.Begin(tenantID, checkpoint)
	if invalid, ok := errors.AsType[*errs.Error](err); ok {
		return audit.Verification{}, fmt.Errorf("its checkpoint %s", invalid.Fields[0].Detail)
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
