package main_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// A server that can't reach Redis, the collector, Sentry or the proxy logs this without their URLs.
func TestRunningServerLogsNoURL(t *testing.T) {
	t.Parallel()
	const marker = "hunter2secret"
	for name, proxy := range map[string]string{"no proxy": "", "a proxy": "http://" + marker + ":" + marker + "@" + marker + ".invalid:1", "no URL": "http://" + marker + "%zz"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := newInstallation(t, "REDIS_URL=redis://"+marker+":"+marker+"@"+marker+".invalid:1/0", "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+marker+".invalid:1/"+marker,
				"SENTRY_DSN=https://"+marker+"@"+marker+".invalid/1", "HTTP_PROXY="+proxy, "HTTPS_PROXY="+proxy, "http_proxy="+proxy,
				"DATABASE_URL=sqlite:///"+filepath.Join(t.TempDir(), "x.db"))
			home.secrets.add(marker)
			p := home.serve()
			p.do(http.MethodGet, "/api/health", "").want(t, http.StatusOK)
			p.await(&p.stderr, regexp.MustCompile("health check failed.*redis"))
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if status := p.wait(); status != 0 {
				t.Errorf("status %d: %s", status, p)
			}
			if !strings.Contains(p.stderr.String(), "traces") {
				t.Errorf("the log doesn't mention the traces: %s", p)
			}
		})
	}
}

func TestHealthcheckUsesNoProxy(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer proxy.Close()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	// Go never uses a proxy for 127.0.0.1, but it would for this address of the same machine.
	address := strings.Replace(server.URL, "127.0.0.1", "0.0.0.0", 1)
	newInstallation(t, "http_proxy="+proxy.URL, "HTTP_PROXY="+proxy.URL, "all_proxy="+proxy.URL).run(0, "healthcheck", "--url", address)
}

func TestStdoutIsJSONInProduction(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, "DATABASE_URL=sqlite:///tenantry.db", "REDIS_URI=redis://:hunter2@cache").inProduction()
	home.secrets.add("hunter2")
	home.run(0, "migrate", "up")
	p := home.serve()
	p.await(&p.stderr, regexp.MustCompile(`REDIS_URI.*REDIS_URL`)) // a misspelt variable
	for _, text := range []string{p.stdout.String(), p.stderr.String()} {
		for line := range strings.Lines(text) {
			if !json.Valid([]byte(line)) {
				t.Errorf("this line isn't JSON: %q", line)
			}
		}
	}
}
