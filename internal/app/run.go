package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/internal/config"
)

// Exit statuses.
const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = 2 // wrong arguments or settings
	statusUndone = 2 // of a check: it could not be made, so nothing is known
)

const (
	dotenvFile = ".env"
	dataFolder = "data" // of what development keeps
)

// Run runs the command that args name and returns the exit status. Settings come from env, in the
// format of os.Environ, and from the file .env. If ctx ends, the command shuts down gracefully.
func Run(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	p := &program{env: env, stdout: stdout, stderr: stderr}
	root := p.rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return statusOK
	}
	text := err.Error()
	if !p.started {
		text = withoutArguments(err, cmd, args)
	}
	fmt.Fprintf(stderr, "tenantry: %s\n", text)
	var faults *config.Faults
	if errors.As(err, &faults) || !p.started {
		return statusUsage
	}
	if _, ok := errors.AsType[undone](err); ok {
		return statusUndone
	}
	return statusFailed
}

// undone is the error of a check that could not be made, as opposed to a check that found
// something.
type undone struct{ error }

func (u undone) Unwrap() error { return u.error }

// program holds what the commands share.
type program struct {
	env            []string
	stdout, stderr io.Writer
	started        bool // the arguments were understood
}

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "tenantry",
		Short: "Log-in, tenants, organisation and audit trail for multi-tenant applications",
		Long: `Tenantry is the back end for a multi-tenant application: log-in, tenants, organisation, roles and audit trail.

Settings come from the environment and from a file .env; .env.example lists them all. In development none is needed:
` + "`tenantry serve --demo`" + ` starts on SQLite with demo data.`,
		Example: `  tenantry serve --demo            try it
  tenantry doctor                  what is wrong with an installation
  tenantry migrate --help          about a command
  tenantry completion bash --help  let the Tab key complete commands`,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.ValidateFlagGroups(); err != nil { // cobra would ask that later
				return err
			}
			p.started = true
			return nil
		},
	}
	root.AddCommand(p.serveCommand(), p.migrateCommand(), p.seedCommand(), p.superuserCommand(), p.auditCommand(), p.backupCommand(), p.restoreCommand(), p.verifyCommand(), p.doctorCommand(),
		p.healthcheckCommand(), p.openapiCommand(), p.versionCommand())
	forbidFileArguments(root)
	return root
}

// forbidFileArguments prevents shell completion from offering files, except for commands that
// describe their arguments.
func forbidFileArguments(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, sub := range cmd.Commands() {
		forbidFileArguments(sub)
	}
}

// config reads the settings. In development it creates and stores missing secrets.
func (p *program) config() (config.Config, error) {
	cfg, err := config.Load(p.env, dotenvFile)
	if err != nil {
		return config.Config{}, err
	}
	if !cfg.SecretKey.IsSet() {
		cfg.SecretKey, err = config.DevelopmentSecret(dataFolder)
	}
	return cfg, err
}

// open builds the application with these settings. Closing it also closes its log.
func (p *program) open(ctx context.Context, cfg config.Config) (*App, error) {
	log, file, err := newLogger(cfg, p.stderr)
	if err != nil {
		return nil, err
	}
	a, err := New(ctx, cfg, Options{Log: log})
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	a.logFile = file
	return a, nil
}
