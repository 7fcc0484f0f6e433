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

// systemNames are what OpenTelemetry calls the engines (semantic conventions, db.system.name).
var systemNames = map[Engine]string{Postgres: "postgresql", MySQL: "mysql", SQLite: "sqlite"}

// tracing makes spans of transactions and queries, where they belong to a span that is recorded: what runs beside the requests
// makes none. A span has a query's name, and neither its text nor its parameters. The zero value traces nothing.
type tracing struct {
	tracer trace.Tracer // nil: none
	system attribute.KeyValue
}

func newTracing(tracer trace.Tracer, engine Engine) tracing {
	return tracing{tracer: tracer, system: attribute.String("db.system.name", systemNames[engine])}
}

// observed traces the queries of q as parts of whatever their contexts are part of.
func (t tracing) observed(q db.Querier) db.Querier {
	if t.tracer == nil {
		return q
	}
	return db.Observed(q, t.query)
}

// observedIn traces the queries of q as parts of a transaction. Their contexts come from outside of it.
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

// start returns the span that ctx has already if there is nothing to trace; end then leaves it alone.
func (t tracing) start(ctx context.Context, name string, kind trace.SpanKind) (context.Context, trace.Span) {
	if t.tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, untraced
	}
	//nolint:spancheck // the caller ends it
	return t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(t.system, attribute.String("db.operation.name", name)))
}

// untraced is a span that records nothing.
var untraced = trace.SpanFromContext(context.Background())

// end says what kind of error it was: what an error says may have values of the query in it.
func end(span trace.Span, err error) {
	if span.IsRecording() {
		if kind := errorKind(err); kind != "" {
			span.SetStatus(codes.Error, kind)
			span.SetAttributes(attribute.String("error.type", kind))
		}
		span.End()
	}
}

// errorKind returns "" for what is no error to the database: success, and rows that aren't there.
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
