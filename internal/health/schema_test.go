package health_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/health"
	"github.com/tenantry/tenantry/internal/store"
)

func TestSchemaIsNoticedWithoutAnyHealthCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var answer atomic.Pointer[error]
		schema := &health.Schema{Log: slog.New(slog.DiscardHandler), CheckSchema: func(context.Context) error { return *answer.Load() }}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go schema.Run(ctx)
		for _, step := range []struct {
			answer  error
			refuses bool
		}{
			{nil, false},
			{&store.SchemaMismatch{Current: 24, Needed: 25}, true},
			{errors.New("the database doesn't answer"), true},
			{nil, false},
			{errors.New("the database doesn't answer"), false},
		} {
			answer.Store(&step.answer)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if err := schema.Refusal(); errs.Is(err, errs.SchemaMismatch) != step.refuses || (err != nil) != step.refuses {
				t.Errorf("after the answer %v: refusal %v, want one: %t", step.answer, err, step.refuses)
			}
		}
	})
}

func TestExplainChecksTheSchema(t *testing.T) {
	t.Parallel()
	cause := errors.New("no such table")
	for _, answer := range []error{nil, errors.New("the database doesn't answer"), &store.SchemaMismatch{Current: 24, Needed: 25}} {
		schema := &health.Schema{Log: slog.New(slog.DiscardHandler), CheckSchema: func(context.Context) error { return answer }}
		_, mismatch := errors.AsType[*store.SchemaMismatch](answer)
		got := schema.Explain(t.Context(), cause)
		if errs.Is(got, errs.SchemaMismatch) != mismatch || !errors.Is(got, cause) {
			t.Errorf("after the answer %v: %v", answer, got)
		}
	}
}

func TestSchemaIsPartOfTheHealth(t *testing.T) {
	t.Parallel()
	const ok, down = api.ComponentStatusOk, api.ComponentStatusDown
	for _, test := range []struct {
		database, schema health.Pinger
		want             api.HealthStatus
		wantSchema       api.ComponentStatus
	}{
		{part(well), part(well), api.HealthStatusOk, ok},
		{part(well), part(broken), api.HealthStatusDown, down},
		{part(broken), part(well), api.HealthStatusDown, down},
	} {
		checker := &health.Checker{Log: slog.New(slog.DiscardHandler), Now: time.Now, Database: test.database, Schema: test.schema}
		if got := checker.Check(t.Context()); got.Status != test.want || got.Components.Schema.Status != test.wantSchema {
			t.Errorf("%+v, want %s and schema %s", got, test.want, test.wantSchema)
		}
	}
}
