package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/netfault"
)

// healthcheckTimeout is longer than the server needs to detect that its database is down.
const healthcheckTimeout = 3 * time.Second

func (p *program) healthcheckCommand() *cobra.Command {
	var url string
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Check the health of a running server",
		Long: `Healthcheck asks the server at HTTP_ADDR on this machine, for the HEALTHCHECK of a container image without other programs. It
ignores proxies in the environment.

The exit status is 0 if it can serve requests, and 1 if it can't or doesn't answer within 3 seconds.`,
		Example: `  tenantry healthcheck
  tenantry healthcheck --url https://api.example.com`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.healthcheck(cmd.Context(), url) },
	}
	cmd.Flags().StringVar(&url, "url", "", "the server's address, as in http://localhost:8000 (default: from HTTP_ADDR)")
	return cmd
}

func (p *program) healthcheck(ctx context.Context, url string) error {
	server := "the server at --url"
	if url == "" {
		cfg, err := config.Load(p.env, dotenvFile)
		if err != nil {
			return err
		}
		server, url = "the server at HTTP_ADDR", "http://"+localAddr(cfg.HTTPAddr)
	}
	ctx, cancel := context.WithTimeout(ctx, healthcheckTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/health", http.NoBody)
	if err != nil {
		return errors.New("--url must be like http://localhost:8000")
	}
	client := http.Client{Transport: &http.Transport{}} // unlike the default one it uses no proxy
	response, err := client.Do(request)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s doesn't answer within %s", server, healthcheckTimeout)
	}
	if err != nil {
		return fmt.Errorf("%s doesn't answer: %w", server, netfault.Hide(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is not well: status %d", server, response.StatusCode)
	}
	fmt.Fprintln(p.stdout, "ok")
	return nil
}

// localAddr returns the address at which this machine reaches a server that listens at addr.
func localAddr(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || ip.Equal(net.IPv4zero) {
		host = "127.0.0.1"
	} else if ip.Equal(net.IPv6zero) {
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
