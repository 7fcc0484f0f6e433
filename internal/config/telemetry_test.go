package config_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestTelemetryIsOffByDefault(t *testing.T) {
	t.Parallel()
	cfg := load(t)
	if cfg.EnableMetrics || cfg.MetricsAddr != "" || cfg.SentryDSN.IsSet() || cfg.OTLPEndpoint != "" || cfg.LogFile != "" {
		t.Errorf("%+v, want none", cfg)
	}
}

func TestTelemetrySettings(t *testing.T) {
	t.Parallel()
	cfg := load(t, "ENABLE_METRICS=true", "METRICS_ADDR=127.0.0.1:9090", "SENTRY_DSN=https://key@sentry.example.com/base/7",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "OTEL_SERVICE_NAME=tenants", "OTEL_EXPORTER_OTLP_HEADERS=api-key=hush%20a=b, X-Other=2", "LOG_FILE=/var/log/tenantry.log")
	if !cfg.EnableMetrics || cfg.MetricsAddr != "127.0.0.1:9090" || cfg.SentryDSN.Reveal() != "https://key@sentry.example.com/base/7" ||
		cfg.OTLPEndpoint != "http://collector:4318" || cfg.OTLPServiceName != "tenants" || cfg.LogFile != "/var/log/tenantry.log" {
		t.Errorf("%+v", cfg)
	}
	if h := cfg.OTLPHeaders.Reveal(); h.Get("Api-Key") != "hush a=b" || h.Get("X-Other") != "2" || len(h) != 2 {
		t.Errorf("headers %v", h)
	}
	if printed := fmt.Sprintf("%+v", cfg); strings.Contains(printed, "key@") || strings.Contains(printed, "hush") {
		t.Error("the DSN or the headers are printed with the settings")
	}
}

func TestTelemetrySettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		env  []string
		want string
	}{
		{"METRICS_ADDR", []string{"METRICS_ADDR=:9090"}, "ENABLE_METRICS=true"},
		{"METRICS_ADDR", []string{"METRICS_ADDR=9090", "ENABLE_METRICS=true"}, "[host]:port"},
		{"METRICS_ADDR", []string{"METRICS_ADDR=:8000", "ENABLE_METRICS=true"}, "another address"},
		{"ENABLE_METRICS", []string{"ENABLE_METRICS=perhaps"}, "true or false"},
		{"SENTRY_DSN", []string{"SENTRY_DSN=hush"}, "like https://key@"},
		{"SENTRY_DSN", []string{"SENTRY_DSN=https://sentry.example.com/hush"}, "like https://key@"},
		{"SENTRY_DSN", []string{"SENTRY_DSN=https://hush@sentry.example.com/"}, "like https://key@"},
		{"SENTRY_DSN", []string{"SENTRY_DSN=ftp://hush@sentry.example.com/1"}, "like https://key@"},
		{"SENTRY_DSN", []string{"SENTRY_DSN=https://hush@sentry.example.com:port/1"}, "like https://key@"},
		{"OTEL_EXPORTER_OTLP_HEADERS", []string{"OTEL_EXPORTER_OTLP_HEADERS=hush"}, "name=value"},
		{"OTEL_EXPORTER_OTLP_HEADERS", []string{"OTEL_EXPORTER_OTLP_HEADERS=a=b,two words=hush"}, "name=value"},
		{"OTEL_EXPORTER_OTLP_HEADERS", []string{"OTEL_EXPORTER_OTLP_HEADERS=a=hush%0d%0aX-Other:1"}, "name=value"},
		{"OTEL_EXPORTER_OTLP_HEADERS", []string{"OTEL_EXPORTER_OTLP_HEADERS=a=hush%zz"}, "name=value"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318"}, "like http://"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://u:hush@collector:4318"}, "OTEL_EXPORTER_OTLP_HEADERS"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318?token=hush"}, "like http://"},
	} {
		found := faults(t, test.env, "")
		if len(found) != 1 || !strings.Contains(found[test.name], test.want) || strings.Contains(found[test.name], "hush") {
			t.Errorf("%s: %v, want %q of %s and no secret", test.env, found, test.want, test.name)
		}
	}
}
