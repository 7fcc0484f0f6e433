package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/health"
	"github.com/tenantry/tenantry/internal/middleware"
	"github.com/tenantry/tenantry/internal/telemetry"
)

// flushTimeout limits how long the program waits at shutdown until traces and reports are sent.
const flushTimeout = 3 * time.Second

// newLogger returns a logger for the settings. It writes to w unless the settings name a file. The
// caller closes the returned Closer.
func newLogger(cfg config.Config, w io.Writer) (*slog.Logger, io.Closer, error) {
	level := cfg.LogLevel
	if cfg.Debug {
		level = slog.LevelDebug
	}
	return telemetry.NewLogger(telemetry.LogOptions{Level: level, JSON: cfg.LogFormat == "json", File: cfg.LogFile}, w)
}

func (a *App) startTelemetry(ctx context.Context, cfg config.Config) error {
	var err error
	if a.sentry, err = telemetry.NewSentry(cfg.SentryDSN.Reveal(), "tenantry@"+a.Version, string(cfg.Environment)); err != nil {
		return err
	}
	a.tracing, err = telemetry.NewTracing(ctx, telemetry.TracingOptions{
		Endpoint: cfg.OTLPEndpoint, Headers: cfg.OTLPHeaders.Reveal(), ServiceName: cfg.OTLPServiceName, Version: a.Version, Environment: string(cfg.Environment), Log: a.log,
	})
	if err != nil {
		return err
	}
	if cfg.EnableMetrics {
		a.Metrics = telemetry.NewMetrics(a.Version)
		a.separateMetrics = cfg.MetricsAddr != ""
	}
	return nil
}

// registerMetrics registers the metrics of all parts, if metrics are on.
func (a *App) registerMetrics(requests *middleware.Metrics, checker *health.Checker) {
	if a.Metrics == nil {
		return
	}
	for _, part := range []interface{ Collectors() []prometheus.Collector }{requests, a.Sessions, a.Store, a.Shares, a.sealer} {
		a.Metrics.Register(part.Collectors()...)
	}
	a.Metrics.Register(checker.Collector())
	if a.redis != nil {
		a.Metrics.Register(a.redis.Collectors()...)
	}
}

// metricsHandler returns what the main listener serves at /metrics, or nil.
func (a *App) metricsHandler() *telemetry.Metrics {
	if a.separateMetrics {
		return nil
	}
	return a.Metrics
}

// stopTelemetry sends the remaining traces and reports, for at most 3 seconds.
func (a *App) stopTelemetry() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	var sending sync.WaitGroup
	sending.Go(func() { a.sentry.Flush(flushTimeout) })
	sending.Go(func() {
		if err := a.tracing.Shutdown(ctx); err != nil {
			a.log.WarnContext(ctx, "the last traces could not be sent", "error", err)
		}
	})
	sending.Wait()
}

// ServeMetrics makes Serve also serve the metrics, at a listener of their own.
func (a *App) ServeMetrics(listener net.Listener) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.Metrics)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	a.background = append(a.background, func(ctx context.Context) {
		go func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				a.log.ErrorContext(ctx, "metrics are no longer served", "error", err)
			}
		}()
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		if server.Shutdown(drain) != nil {
			_ = server.Close()
		}
	})
}
