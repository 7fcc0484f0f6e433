package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/telemetry"
)

func TestMetricsListenerEndsAfterTheLastRequest(t *testing.T) {
	t.Parallel()
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	running, finish := make(chan struct{}), make(chan struct{})
	a := &App{log: slog.New(slog.DiscardHandler), Metrics: telemetry.NewMetrics("1"), handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(running)
		<-finish
	})}
	main, own := listen(), listen()
	a.ServeMetrics(own)
	ctx, stop := context.WithCancel(t.Context())
	served, replied := make(chan error, 1), make(chan error, 1)
	go func() { served <- a.Serve(ctx, main) }()
	go func() {
		response, err := http.Get("http://" + main.Addr().String())
		if err == nil {
			response.Body.Close()
		}
		replied <- err
	}()
	<-running
	stop()
	scrape := func(path string) (int, string) {
		t.Helper()
		response, err := http.Get("http://" + own.Addr().String() + path)
		if err != nil {
			t.Fatalf("while a request is running: %v", err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	if status, body := scrape("/metrics"); status != 200 || !strings.Contains(body, "tenantry_build_info") {
		t.Errorf("status %d: %s", status, body)
	}
	if status, _ := scrape("/api/healthz"); status != 404 {
		t.Errorf("status %d: the metrics' listener serves other paths, too", status)
	}
	close(finish)
	if err := <-replied; err != nil {
		t.Errorf("the running request: %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if conn, err := net.Dial("tcp", own.Addr().String()); err == nil {
		_ = conn.Close()
		t.Error("the metrics' listener still accepts connections")
	}
}

func TestServeReportsFilesAndAddressesThatItCannotOpen(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	folder := t.TempDir()
	for want, entry := range map[string]string{
		"METRICS_ADDR: listen at " + taken.Addr().String(): "METRICS_ADDR=" + taken.Addr().String(),
		"LOG_FILE: open " + folder:                         "LOG_FILE=" + folder,
	} {
		var stdout, stderr strings.Builder
		env := []string{
			"SECRET_KEY=q7Vf0ZyT3mLr9XwKc2HsPd5NbJ8uEaGi4RtYoQ1eWxM6", "HTTP_ADDR=127.0.0.1:0", "DATABASE_URL=sqlite:///" + t.TempDir() + "/x.db",
			"ENABLE_METRICS=true", entry,
		}
		if status := Run(t.Context(), []string{"serve"}, env, &stdout, &stderr); status != statusFailed || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: status %d, want %q: %s", entry, status, want, stderr.String())
		}
	}
}
