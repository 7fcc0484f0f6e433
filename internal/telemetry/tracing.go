package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	instrumentation = "github.com/tenantry/tenantry"
	exportTimeout   = 5 * time.Second
	// maxWaitingSpans limits how many spans wait to be sent. Further ones are dropped.
	maxWaitingSpans = 4096
)

// Tracing sends traces to an OpenTelemetry collector. A nil *Tracing sends nothing.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// TracingOptions are the options of NewTracing.
type TracingOptions struct {
	Endpoint             string      // the address of a collector, without /v1/traces; empty: no traces
	Headers              http.Header // additional headers for the collector, such as a key
	ServiceName, Version string
	Environment          string
	Log                  *slog.Logger
}

// NewTracing returns nil without an endpoint. It doesn't connect, so the collector may start later.
func NewTracing(ctx context.Context, opts TracingOptions) (*Tracing, error) {
	if opts.Endpoint == "" {
		return nil, nil //nolint:nilnil // tracing is optional
	}
	endpoint, err := url.JoinPath(opts.Endpoint, "v1", "traces")
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	headers := opts.Headers
	if headers == nil {
		headers = http.Header{}
	}
	exporter, err := otlptrace.New(ctx, newCollectorClient(endpoint, headers))
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	described, err := resource.Merge(resource.Environment(), resource.NewSchemaless(
		attribute.String("service.name", opts.ServiceName), attribute.String("service.version", opts.Version),
		attribute.String("deployment.environment.name", opts.Environment)))
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	sampler, err := newSampler(os.Getenv("OTEL_TRACES_SAMPLER"), os.Getenv("OTEL_TRACES_SAMPLER_ARG"))
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(described), sdktrace.WithSampler(sampler), sdktrace.WithBatcher(
		&quietExporter{SpanExporter: exporter, log: opts.Log},
		sdktrace.WithMaxQueueSize(maxWaitingSpans), sdktrace.WithExportTimeout(exportTimeout)))
	return &Tracing{provider: provider, tracer: provider.Tracer(instrumentation, trace.WithInstrumentationVersion(opts.Version))}, nil
}

// Tracer returns a tracer for spans within requests, or nil if there are no traces.
func (t *Tracing) Tracer() trace.Tracer {
	if t == nil {
		return nil
	}
	return t.tracer
}

// Shutdown sends the waiting spans, until ctx ends.
func (t *Tracing) Shutdown(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// StartRequest starts the span of a request, as part of the trace that its headers name (W3C Trace
// Context), and returns the trace's id. If t is nil, it returns the id that the client sent, or "".
func (t *Tracing) StartRequest(ctx context.Context, h http.Header) (context.Context, RequestSpan, string) {
	// More than one header is invalid, like a malformed header.
	if len(h["Traceparent"]) == 1 {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(h))
	}
	span := trace.SpanFromContext(ctx) // the client's, which records nothing
	if t != nil {
		ctx, span = t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	}
	if id := span.SpanContext().TraceID(); id.IsValid() {
		return ctx, RequestSpan{span}, id.String()
	}
	return ctx, RequestSpan{span}, ""
}

// RequestSpan is the span of a request.
type RequestSpan struct{ span trace.Span }

// Ended is the outcome of a request.
type Ended struct {
	Method, Route string // of the document, or Unmatched
	Status        int
	RequestID     string
	TenantID      string // empty without one
}

// End records the outcome and ends the span.
func (s RequestSpan) End(e Ended) {
	if !s.span.IsRecording() {
		return
	}
	method := KnownMethod(e.Method)
	s.span.SetName(method + " " + e.Route)
	s.span.SetAttributes(
		attribute.String("http.request.method", method), attribute.String("http.route", e.Route),
		attribute.Int("http.response.status_code", e.Status), attribute.String("tenantry.request_id", e.RequestID),
	)
	if e.TenantID != "" {
		s.span.SetAttributes(attribute.String("tenantry.tenant_id", e.TenantID))
	}
	if e.Status >= http.StatusInternalServerError {
		s.span.SetStatus(codes.Error, "")
	}
	s.span.End()
}

// quietExporter logs once that traces can't be sent, and once that they can again. OpenTelemetry
// itself would print each failure to stderr.
type quietExporter struct {
	sdktrace.SpanExporter

	log     *slog.Logger
	failing atomic.Bool
}

// ExportSpans always returns nil.
func (e *quietExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if failing := err != nil; e.failing.Swap(failing) != failing {
		if failing {
			e.log.WarnContext(ctx, "traces can't be sent and are dropped until the collector is back", "error", err)
		} else {
			e.log.InfoContext(ctx, "traces are sent again")
		}
	}
	return nil
}
