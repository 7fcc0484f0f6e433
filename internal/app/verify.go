package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tenantry/tenantry/gen/contract"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/isolation"
	"github.com/tenantry/tenantry/internal/netfault"
	"github.com/tenantry/tenantry/internal/text"
)

const (
	superuserEmail    = "TENANTRY_SUPERUSER_EMAIL"
	superuserPassword = "TENANTRY_SUPERUSER_PASSWORD" //nolint:gosec // the name of a variable
	// replyTimeout limits how long a check waits for one reply.
	replyTimeout = time.Minute
	// cleanUpTimeout limits how long a check takes to delete what it has made.
	cleanUpTimeout = 5 * time.Minute
)

func (p *program) verifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "verify",
		Short:   "Test the isolation of tenants on an installation",
		Long:    "Verify attacks a running installation in tenants that it creates for this, and reports the result.",
		Example: "  tenantry verify isolation --url https://api.example.com --email root@example.com",
		// Without NoArgs and RunE a misspelt subcommand would show the help and exit with status 0.
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.verifyIsolationCommand())
	return cmd
}

// isolationFlags are the flags of verify isolation.
type isolationFlags struct {
	url, email, passwordFile string
	operations               []string
	asJSON                   bool
}

func (p *program) verifyIsolationCommand() *cobra.Command {
	var flags isolationFlags
	cmd := &cobra.Command{
		Use:   "isolation --url ADDRESS",
		Short: "Attack a running installation to test that tenants are isolated",
		Long: `Isolation calls every operation of the API with each role, with and without the right to it, with ids of the own tenant, of another
tenant, and of no tenant. It reports wrong replies, wrong audit entries and rows that were changed without permission.

It logs in as a superuser, creates three tenants with users and organisations, and deletes them at the end, also after a failure
or Ctrl-C. It doesn't change other tenants. The platform's audit trail records all this. The program and the installation must
have the same version.

The password comes from --password-file, from the variable ` + superuserPassword + `, or is asked for.

The exit status is 0 if all promises are kept, 1 if one is broken, and 2 if that could not be found out.`,
		Example: `  tenantry verify isolation --url https://api.example.com --email root@example.com
  tenantry verify isolation --url http://localhost:8000 --email root@example.com --password-file /run/secrets/root --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.verifyIsolation(cmd.Context(), flags) },
	}
	cmd.Flags().StringVar(&flags.url, "url", "", "where the installation is")
	cmd.Flags().StringVar(&flags.email, "email", "", "a superuser's e-mail address; the default is "+superuserEmail)
	cmd.Flags().StringVar(&flags.passwordFile, "password-file", "", "a file with the superuser's password in its first line")
	cmd.Flags().StringSliceVar(&flags.operations, "operation", nil, "only these operations, by their ids in the document")
	cmd.Flags().BoolVar(&flags.asJSON, "json", false, "write the report as JSON")
	if err := cmd.MarkFlagRequired("url"); err != nil {
		panic(err) // the flag is the one above
	}
	return cmd
}

// isolationReport is the output of --json.
type isolationReport struct {
	URL        string             `json:"url"`
	Complete   bool               `json:"complete"` // everything was tried
	Error      string             `json:"error,omitempty"`
	Requests   int                `json:"requests"`
	Violations int                `json:"violations"`
	Left       []string           `json:"left"`    // codes of tenants that could not be deleted
	Skipped    []string           `json:"skipped"` // what wasn't tried, and why
	Operations []isolation.Result `json:"operations"`
}

func (p *program) verifyIsolation(ctx context.Context, flags isolationFlags) error {
	matrix, err := p.isolationMatrix(ctx, flags)
	if err != nil {
		return undone{err}
	}
	if !flags.asJSON {
		fmt.Fprintf(p.stdout, "Attacking %s. The tenants of this run have %s in their codes.\n\n", matrix.URL, strings.ToUpper(matrix.Run))
		matrix.Progress = p.printResult
	}
	report, failure := matrix.Attack(ctx)
	if failure != nil && !flags.asJSON {
		fmt.Fprintln(p.stdout, "\nStopped. Deleting what was made...")
	}
	// Delete what was made, whatever has happened.
	cleanUp, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTimeout)
	defer cancel()
	left, stuck := matrix.CleanUp(cleanUp)
	if stuck != nil {
		stuck = fmt.Errorf("not everything could be cleaned up: %w", stuck)
	}
	err = errors.Join(failure, stuck)
	if flags.asJSON {
		result := isolationReport{
			URL: matrix.URL, Complete: failure == nil, Requests: report.Requests(), Violations: report.Violations(),
			Left: append([]string{}, left...), Skipped: report.Skipped, Operations: report.Results,
		}
		if err != nil {
			result.Error = err.Error()
		}
		encoder := json.NewEncoder(p.stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(result); err != nil {
			return undone{fmt.Errorf("write report: %w", err)}
		}
	} else {
		p.printSummary(report, left, failure)
	}
	switch {
	case report.Violations() > 0:
		return errors.Join(errors.New(brokenPromises(report.Violations())), err)
	case err != nil:
		return undone{err}
	}
	return nil
}

func (p *program) isolationMatrix(ctx context.Context, flags isolationFlags) (*isolation.Matrix, error) {
	address, err := url.Parse(flags.url)
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" || address.RawQuery != "" || address.User != nil {
		return nil, errors.New("--url must be an address like https://api.example.com")
	}
	doc, err := document.Shared()
	if err != nil {
		return nil, err
	}
	operations, err := access.Operations(doc)
	if err != nil {
		return nil, err
	}
	for _, id := range flags.operations {
		if !slices.ContainsFunc(operations, func(op access.Operation) bool { return op.ID == id }) {
			return nil, fmt.Errorf("--operation %s: the document has no such operation", id)
		}
	}
	matrix := &isolation.Matrix{
		URL: strings.TrimSuffix(address.String(), "/"), Operations: operations, Only: flags.operations, Run: isolation.NewRun(), Superuser: &isolation.Person{Email: flags.email},
		HTTP: &http.Client{
			Timeout: replyTimeout,
			// Don't follow redirections: they are replies to check, and the token must not go
			// elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if matrix.Superuser.Email == "" {
		matrix.Superuser.Email = p.variable(superuserEmail)
	}
	if matrix.Superuser.Email == "" {
		return nil, fmt.Errorf("whose superuser's account shall be used? Say --email, or set %s", superuserEmail)
	}
	if err := sameDocument(ctx, matrix, contract.JSON); err != nil {
		return nil, err
	}
	matrix.Superuser.Password, err = p.password(flags)
	return matrix, err
}

// sameDocument returns an error if the installation serves another document than this program's,
// because it then makes other promises.
func sameDocument(ctx context.Context, matrix *isolation.Matrix, wanted []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, matrix.URL+"/api/openapi.json", http.NoBody)
	if err != nil {
		return fmt.Errorf("--url: %w", netfault.Hide(err))
	}
	response, err := matrix.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("nobody answers: %w", netfault.Hide(err))
	}
	defer response.Body.Close()
	served, err := io.ReadAll(io.LimitReader(response.Body, int64(2*len(wanted))))
	if err != nil {
		return fmt.Errorf("read the installation's document: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s/api/openapi.json answers with %s; is Tenantry there?", matrix.URL, response.Status)
	}
	if !bytes.Equal(bytes.TrimSpace(served), bytes.TrimSpace(wanted)) {
		return errors.New("the installation and this program are of different versions; use the program that runs there")
	}
	return nil
}

// password reads the superuser's password. It is never an argument, which others on the machine
// could read.
func (p *program) password(flags isolationFlags) (string, error) {
	if flags.passwordFile != "" {
		content, err := os.ReadFile(flags.passwordFile)
		if err != nil {
			return "", fmt.Errorf("--password-file: %w", withoutPath(err))
		}
		line, _, _ := strings.Cut(text.Decode(content), "\n")
		return strings.TrimSuffix(line, "\r"), nil
	}
	if password := p.variable(superuserPassword); password != "" {
		return password, nil
	}
	terminal := int(os.Stdin.Fd())
	if !term.IsTerminal(terminal) {
		return "", fmt.Errorf("there is no terminal to ask for the password: say --password-file, or set %s", superuserPassword)
	}
	fmt.Fprint(p.stderr, "Password: ")
	password, err := term.ReadPassword(terminal)
	fmt.Fprintln(p.stderr)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return string(password), nil
}

// variable returns an environment variable, or "" if it isn't set.
func (p *program) variable(name string) string {
	for _, entry := range p.env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

func (p *program) printResult(r isolation.Result) {
	verdict := "ok"
	if len(r.Violations) > 0 {
		verdict = "BROKEN"
	}
	fmt.Fprintf(p.stdout, "%-6s  %-20s %-6s %-40s %4d requests\n", verdict, r.Operation, r.Method, r.Path, r.Requests)
	for _, v := range r.Violations {
		fmt.Fprintf(p.stdout, "        - %s\n          %s\n", v, v.Curl)
	}
}

func (p *program) printSummary(report isolation.Report, left []string, failure error) {
	if len(report.Skipped) > 0 {
		fmt.Fprintln(p.stdout, "\nNot tried:")
	}
	for _, s := range report.Skipped {
		fmt.Fprintf(p.stdout, "  - %s\n", s)
	}
	verdict := "every promise was kept"
	switch {
	case report.Violations() > 0:
		verdict = brokenPromises(report.Violations())
	case failure != nil:
		verdict = "no promise was broken until it was stopped"
	}
	fmt.Fprintf(p.stdout, "\n%d requests to %d operations: %s.\n", report.Requests(), len(report.Results), verdict)
	if len(left) > 0 {
		fmt.Fprintf(p.stdout, "These tenants are left, and can be deleted with suspendTenant and deleteTenant: %s.\n", strings.Join(left, ", "))
	}
}

func brokenPromises(n int) string {
	if n == 1 {
		return "1 promise was broken"
	}
	return fmt.Sprintf("%d promises were broken", n)
}
