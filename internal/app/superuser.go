package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/passwords"
	"github.com/tenantry/tenantry/internal/text"
	"github.com/tenantry/tenantry/internal/user"
)

const defaultSuperuserName = "Superuser"

func (p *program) superuserCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "superuser",
		Short: "Create superusers, and reset their passwords",
		Long: `Superusers may do everything in every tenant, and manage the tenants. They can only be created here, by someone with access to
the database, and not over the network.`,
		Example: `  tenantry superuser create --email you@example.com`,
		// Without NoArgs and RunE a misspelt subcommand would show the help and exit with status 0.
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.superuserCreateCommand(), p.superuserResetPasswordCommand())
	return cmd
}

func (p *program) superuserCreateCommand() *cobra.Command {
	var address, name string
	var source passwordSource
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create a superuser",
		Long: `Create adds a superuser and writes an audit entry. It asks for the e-mail address and the password if they aren't given. The
password isn't shown. It has at least 12 characters and at most 72 bytes. It can't be an argument, because other users of this
machine could see it.

The server may run meanwhile. FIRST_SUPERUSER_EMAIL and FIRST_SUPERUSER_PASSWORD do the same at the server's first start.`,
		Example: `  tenantry superuser create --email you@example.com

  # for scripts
  tenantry superuser create --email you@example.com --password-file /run/secrets/superuser
  openssl rand -base64 24 | tee password.txt | tenantry superuser create --email you@example.com --password-stdin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withUsers(cmd.Context(), "tenantry superuser create", func(ctx context.Context, users *user.Service, cfg config.Config) error {
				return p.superuserCreate(ctx, cmd.InOrStdin(), users, cfg, user.Superuser{Email: address, FullName: name}, source)
			})
		},
	}
	cmd.Flags().StringVar(&address, "email", "", "the address to log in with")
	cmd.Flags().StringVar(&name, "name", defaultSuperuserName, "the full name")
	source.addFlags(cmd)
	return cmd
}

func (p *program) superuserResetPasswordCommand() *cobra.Command {
	var address string
	var source passwordSource
	cmd := &cobra.Command{
		Use:   "reset-password",
		Short: "Give a superuser another password, and end their sessions",
		Long: `Reset-password is for a superuser whose password is lost or known to others. It sets another one, ends all sessions, forgets
failed log-ins, and writes an audit entry. The server may run meanwhile.

For other users an admin of their tenant creates a one-time link with POST /api/v1/users/{id}/password-reset.`,
		Example: `  tenantry superuser reset-password --email you@example.com`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withUsers(cmd.Context(), "tenantry superuser reset-password", func(ctx context.Context, users *user.Service, _ config.Config) error {
				return p.superuserResetPassword(ctx, cmd.InOrStdin(), users, address, source)
			})
		},
	}
	cmd.Flags().StringVar(&address, "email", "", "the address that the superuser logs in with")
	source.addFlags(cmd)
	return cmd
}

// withUsers runs a command with the user service, on a database with the needed schema. Its audit
// entries name the command.
func (p *program) withUsers(ctx context.Context, command string, run func(context.Context, *user.Service, config.Config) error) error {
	cfg, err := p.config()
	if err != nil {
		return err
	}
	a, err := p.open(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.requireSchema(ctx); err != nil {
		return err
	}
	return commandLineError(run(withCommandRequest(ctx, command), a.users, cfg))
}

// withCommandRequest returns a context with a request id, and with the command in place of the user
// agent.
func withCommandRequest(ctx context.Context, command string) context.Context {
	return access.WithRequest(ctx, &access.Request{ID: newID().String(), UserAgent: command})
}

// commandLineError turns a client's error into text for the command line.
func commandLineError(err error) error {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Code == errs.Unavailable {
		return err // the cause helps those who can read it
	}
	return errors.New(e.Detail)
}

func (p *program) superuserCreate(
	ctx context.Context, stdin io.Reader, users *user.Service, cfg config.Config, in user.Superuser, source passwordSource,
) error {
	in.FullName = text.Name(in.FullName)
	if text.IsBlank(in.FullName) || len([]rune(in.FullName)) > 200 || !text.IsName(in.FullName) {
		return errors.New("--name must have 1 to 200 characters, in one line and without invisible ones")
	}
	var err error
	if in.Email, err = p.askEmail(ctx, stdin, in.Email, source); err != nil {
		return err
	}
	if cfg.Environment != config.Development && isDemoAddress(in.Email) {
		return fmt.Errorf("%s is an address of the demo data, whose passwords everybody knows; take your own in %s", in.Email, cfg.Environment)
	}
	if in.Password, err = p.askPassword(ctx, stdin, source); err != nil {
		return err
	}
	if err := checkPassword(in.Password, in.Email); err != nil {
		return err
	}
	created, err := users.CreateSuperuser(ctx, in)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Created the superuser %s.\n", created.Email)
	return nil
}

func (p *program) superuserResetPassword(ctx context.Context, stdin io.Reader, users *user.Service, address string, source passwordSource) error {
	address, err := p.askEmail(ctx, stdin, address, source)
	if err != nil {
		return err
	}
	wanted, err := p.askPassword(ctx, stdin, source)
	if err != nil {
		return err
	}
	if err := checkPassword(wanted, address); err != nil {
		return err
	}
	if err := users.ResetSuperuserPassword(ctx, address, wanted); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s has another password, and is logged out everywhere.\n", address)
	return nil
}

func checkPassword(wanted, address string) error {
	var broken []string
	for _, rule := range passwords.Check("", wanted, address) {
		broken = append(broken, rule.Detail)
	}
	if len(broken) == 0 {
		return nil
	}
	return errors.New("this password can't be used. " + strings.Join(broken, " "))
}

// firstSuperuser creates the superuser that the settings name, if there is no superuser yet.
func (a *App) firstSuperuser(ctx context.Context, cfg config.Config) error {
	if cfg.FirstSuperuserEmail == "" {
		return nil
	}
	created, err := a.users.CreateFirstSuperuser(withCommandRequest(ctx, "tenantry serve"), user.Superuser{
		Email: cfg.FirstSuperuserEmail, FullName: defaultSuperuserName, Password: cfg.FirstSuperuserPassword.Reveal(),
	})
	if errs.Is(err, errs.AlreadyExists) {
		return fmt.Errorf("FIRST_SUPERUSER_EMAIL: %s belongs to a user of a tenant already; take another address", cfg.FirstSuperuserEmail)
	}
	if err != nil {
		return fmt.Errorf("create the first superuser: %w", err)
	}
	if created {
		a.log.InfoContext(ctx, "created the first superuser; FIRST_SUPERUSER_PASSWORD isn't needed any more", "email", cfg.FirstSuperuserEmail)
	} else {
		a.log.InfoContext(ctx, "FIRST_SUPERUSER_EMAIL and FIRST_SUPERUSER_PASSWORD are ignored, because there is a superuser already")
	}
	return nil
}
