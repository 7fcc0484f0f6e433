package store

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
)

// systemNames maps engines to OpenTelemetry's names (semantic conventions, db.system.name).
var systemNames = map[Engine]string{Postgres: "postgresql", MySQL: "mysql", SQLite: "sqlite"}

// tracing makes spans of transactions and queries whose context has a recorded span, so that
// background work makes none. A span has the query's name, but neither its text nor its parameters.
// The zero value traces nothing.
type tracing struct {
	tracer trace.Tracer // nil: none
	system attribute.KeyValue
}

func newTracing(tracer trace.Tracer, engine Engine) tracing {
	return tracing{tracer: tracer, system: attribute.String("db.system.name", systemNames[engine])}
}

// observed traces the queries of q as children of the span in their context.
func (t tracing) observed(q db.Querier) db.Querier {
	if t.tracer == nil {
		return q
	}
	return db.Observed(q, t.query)
}

// observedIn traces the queries of q as children of the transaction's span, because their contexts
// come from outside of the transaction.
func (t tracing) observedIn(transaction trace.Span, q db.Querier) db.Querier {
	if t.tracer == nil {
		return q
	}
	return db.Observed(q, func(ctx context.Context, query string) (context.Context, func(error)) {
		if transaction.IsRecording() {
			ctx = trace.ContextWithSpan(ctx, transaction)
		}
		return t.query(ctx, query)
	})
}

func (t tracing) query(ctx context.Context, query string) (context.Context, func(error)) {
	ctx, span := t.start(ctx, query, trace.SpanKindClient)
	return ctx, func(err error) { end(span, err) }
}

// start begins a span. If nothing is traced, it returns a span that end ignores.
func (t tracing) start(ctx context.Context, name string, kind trace.SpanKind) (context.Context, trace.Span) {
	if t.tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, untraced
	}
	//nolint:spancheck // the caller ends it
	return t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(t.system, attribute.String("db.operation.name", name)))
}

// untraced is a span that records nothing.
var untraced = trace.SpanFromContext(context.Background())

// end ends a span and records the kind of the error. The error's text isn't recorded, because it
// may contain values of the query.
func end(span trace.Span, err error) {
	if span.IsRecording() {
		if kind := errorKind(err); kind != "" {
			span.SetStatus(codes.Error, kind)
			span.SetAttributes(attribute.String("error.type", kind))
		}
		span.End()
	}
}

// errorKind returns "" for success and for missing rows, which are no errors of the database.
func errorKind(err error) string {
	if err == nil || errors.Is(err, ErrNotFound) {
		return ""
	}
	if v, ok := errors.AsType[*Violation](err); ok {
		return string(v.Kind) + " violation"
	}
	switch {
	case errors.Is(err, errContended):
		return "contended"
	case errors.Is(err, ErrStale):
		return "stale"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return string(e.Code)
	}
	return "other"
}
