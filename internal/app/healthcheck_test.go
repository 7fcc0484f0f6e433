package app_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/openapi"
)

func run(t *testing.T, env []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = app.Run(t.Context(), args, env, &out, &errs)
	return status, out.String(), errs.String()
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	health := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/health" {
			t.Errorf("the health check requested %s", r.URL.Path)
		}
		w.WriteHeader(health)
	}))
	addr := "HTTP_ADDR=" + server.Listener.Addr().String()
	if status, stdout, stderr := run(t, []string{addr}, "healthcheck"); status != 0 || stdout != "ok\n" {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}
	if status, _, stderr := run(t, nil, "healthcheck", "--url", server.URL); status != 0 {
		t.Errorf("status %d with --url: %s", status, stderr)
	}
	port := addr[strings.LastIndex(addr, ":"):]
	for _, everywhere := range []string{"HTTP_ADDR=" + port, "HTTP_ADDR=0.0.0.0" + port} {
		if status, _, stderr := run(t, []string{everywhere}, "healthcheck"); status != 0 {
			t.Errorf("status %d with %s: %s", status, everywhere, stderr)
		}
	}
	health = http.StatusServiceUnavailable
	if status, _, stderr := run(t, []string{addr}, "healthcheck"); status != 1 || !strings.Contains(stderr, "is not well: status 503") {
		t.Errorf("status %d for an unhealthy server: %s", status, stderr)
	}
	server.Close()
	if status, _, stderr := run(t, []string{addr}, "healthcheck"); status != 1 || !strings.Contains(stderr, "refused") {
		t.Errorf("status %d without a server: %s", status, stderr)
	}
}

func TestPrintsTheDocument(t *testing.T) {
	t.Parallel()
	if status, stdout, _ := run(t, nil, "openapi"); status != 0 || stdout != string(openapi.YAML) {
		t.Errorf("status %d, or the output isn't the document", status)
	}
	if status, stdout, _ := run(t, nil, "openapi", "--json"); status != 0 || !strings.HasPrefix(stdout, "{") || !strings.Contains(stdout, `"x-required-role"`) {
		t.Errorf("status %d, or the output isn't the document", status)
	}
}

func TestCompletesCommands(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if status, stdout, stderr := run(t, nil, "completion", shell); status != 0 || !strings.Contains(stdout, "tenantry") {
			t.Errorf("completion for %s: status %d: %s", shell, status, stderr)
		}
	}
}
