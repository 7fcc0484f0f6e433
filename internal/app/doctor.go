package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/store"
)

func (p *program) doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the settings, the database, Redis and the clock, and say what to do",
		Long: `Doctor checks everything that the server needs, and changes nothing. It may run beside the server, and before its first start.

The exit status is 0 if the server would start and work (there may be warnings), 1 if not, and 2 if the settings are wrong.`,
		Example: `  tenantry doctor
  tenantry doctor --json | jq -r '.checks[] | select(.result != "ok") | .fix'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.doctor(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs: {result, checks: [{name, result, detail, fix}]}")
	return cmd
}

func (p *program) doctor(ctx context.Context, asJSON bool) error {
	cfg, err := p.config()
	patient := doctor.Patient{
		Config: cfg, ConfigErr: err, DemoAccounts: demoAccounts, Now: time.Now,
		OpenStore:       func(ctx context.Context) (*store.Store, error) { return openStore(ctx, cfg, store.Options{}) },
		OpenOwnersStore: func(ctx context.Context) (*store.Store, error) { return openOwnersStore(ctx, cfg, nil) },
	}
	if err == nil {
		if patient.AuditKeys, err = AuditKeys(cfg); err != nil {
			return err
		}
	}
	if err == nil && cfg.RedisURL.IsSet() {
		redis, err := openRedis(cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		defer redis.Close()
		patient.Redis = redis
	}
	checks := doctor.Examine(ctx, patient)
	worst := doctor.Worst(checks)
	if asJSON {
		encoder := json.NewEncoder(p.stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(struct {
			Result doctor.Result  `json:"result"`
			Checks []doctor.Check `json:"checks"`
		}{worst, checks}); err != nil {
			return err
		}
	} else {
		for _, c := range checks {
			fmt.Fprintf(p.stdout, "%-8s  %-11s  %s\n", c.Result, c.Name, c.Detail)
			if c.Fix != "" {
				fmt.Fprintf(p.stdout, "%-8s  %-11s  -> %s\n", "", "", c.Fix)
			}
		}
	}
	var faults *config.Faults
	switch {
	case errors.As(err, &faults):
		return fmt.Errorf("the server would not start: %w", err)
	case worst == doctor.Failed:
		return errors.New("the server would not start, or not work")
	}
	return nil
}
