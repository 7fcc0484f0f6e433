package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
)

func (p *program) serveCommand() *cobra.Command {
	var demo string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve requests until SIGINT or SIGTERM",
		Long: `Serve answers requests at HTTP_ADDR until it gets SIGINT or SIGTERM. Then it serves for another SHUTDOWN_DELAY_SEC and finishes
running requests for up to 15 seconds.

In development it migrates the database automatically. In staging and production it refuses to start with an older schema, unless
AUTO_MIGRATE=true, and with demo accounts in the database. It runs with a newer schema only if all migrations that it
doesn't know are marked as compatible with older programs.`,
		Example: `  tenantry serve
  tenantry serve --demo`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.serve(cmd.Context(), demo) },
	}
	cmd.Flags().StringVar(&demo, "demo", "", "load the demo data if the database has no users yet (development only); --demo=small for less")
	cmd.Flags().Lookup("demo").NoOptDefVal = string(seed.Full)
	return cmd
}

// serve runs the server. It first loads the demo data at the scale that demo names; "" loads none.
func (p *program) serve(ctx context.Context, demo string) error {
	cfg, err := p.config()
	if err != nil {
		return err
	}
	if cfg.Environment != config.Development && isDemoAddress(cfg.FirstSuperuserEmail) {
		return &config.Faults{List: []config.Fault{{
			Name: "FIRST_SUPERUSER_EMAIL", Expected: "must be your own, and not that of a demo account; the server refuses to start with those in " + string(cfg.Environment),
		}}}
	}
	if demo != "" && cfg.Environment != config.Development {
		return fmt.Errorf("--demo works in development only, and ENVIRONMENT is %s", cfg.Environment)
	}
	if !slices.Contains(append(seed.Scales(), ""), demo) {
		return fmt.Errorf("--demo: unknown scale %q; there are %s", demo, strings.Join(seed.Scales(), " and "))
	}
	a, err := p.open(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.Close()
	for _, typo := range cfg.Typos {
		a.log.WarnContext(ctx, "an unknown variable looks like a misspelt setting", "name", typo.Name, "in", typo.In, "perhaps_meant", typo.Meant)
	}
	if err := a.Migrate(ctx, cfg); err != nil {
		return err
	}
	a.noticeNewerSchema(ctx)
	if cfg.Environment != config.Development {
		if err := refuseDemoAccounts(ctx, a.Store); err != nil {
			return err
		}
	}
	if demo != "" {
		if err := loadDemo(ctx, a.Store, cfg, seed.Scale(demo)); err != nil {
			return err
		}
	}
	if err := a.firstSuperuser(ctx, cfg); err != nil {
		return err
	}
	if err := a.createHeadsFile(ctx, cfg); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.HTTPAddr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("something else listens at %s already; stop it, or set HTTP_ADDR to another address, as in HTTP_ADDR=:8001", cfg.HTTPAddr)
	}
	if err != nil {
		return fmt.Errorf("listen at %s: %w", cfg.HTTPAddr, err)
	}
	if cfg.MetricsAddr != "" {
		metrics, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.MetricsAddr)
		if err != nil {
			_ = listener.Close()
			return fmt.Errorf("METRICS_ADDR: listen at %s: %w", cfg.MetricsAddr, err)
		}
		a.ServeMetrics(metrics)
	}
	p.greet(ctx, cfg, a.Version, baseURL(listener.Addr()), demo != "")
	tuneMemory()
	return a.Serve(ctx, listener)
}

// collectAt is the garbage collection target (GOGC) in percent. Requests leave much garbage and
// little live memory, so the default of 100 would collect too often. The environment variable GOGC
// takes precedence.
const collectAt = 200

// tuneMemory returns memory that only the start needed, and sets the garbage collection target of
// the process.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	go debug.FreeOSMemory() // nobody waits for it
}

// loadDemo loads the demo data into a database that has no users.
func loadDemo(ctx context.Context, s *store.Store, cfg config.Config, scale seed.Scale) error {
	users, err := s.CountAccounts(ctx)
	if err != nil || users > 0 {
		return err
	}
	keys, err := AuditKeys(cfg)
	if err != nil {
		return err
	}
	_, err = seed.Run(ctx, s, keys, auth.NewPasswords(cfg.BcryptCost), seed.Options{Scale: scale})
	return err
}

// greet prints the server's address on stdout, in the log's format.
func (p *program) greet(ctx context.Context, cfg config.Config, version, url string, demo bool) {
	if cfg.LogFormat == "json" {
		slog.New(slog.NewJSONHandler(p.stdout, nil)).InfoContext(ctx, fmt.Sprintf("Tenantry %s is ready at %s", version, url), "version", version, "url", url)
		return
	}
	fmt.Fprintf(p.stdout, "\nTenantry %s is ready at %s\n", version, url)
	if demo {
		fmt.Fprintf(p.stdout, `
  Open        %s in a browser
  Log in as   ceo@techstart.com, password password123
  Try         curl -s %s/api/v1/auth/login -H 'Content-Type: application/json' -d '{"email":"ceo@techstart.com","password":"password123"}'
`, url, url)
	}
	fmt.Fprintln(p.stdout)
}

// baseURL returns the URL at which a browser on this machine reaches an address.
func baseURL(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return addr.String()
	}
	// localhost may not resolve to other loopback addresses such as [::1].
	if tcp.IP.IsUnspecified() || tcp.IP.Equal(net.IPv4(127, 0, 0, 1)) {
		return fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	return "http://" + tcp.String()
}
