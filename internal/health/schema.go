package health

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// schemaInterval is how often Schema.Run checks. Health checks and failed requests check
	// earlier.
	schemaInterval = 5 * time.Second
	// schemaRetryAfter is the Retry-After of refused requests.
	schemaRetryAfter = 5 * time.Second
)

// Schema checks whether the database has a schema that fits the program. A migration may change the
// schema at any time.
type Schema struct {
	Log *slog.Logger
	// CheckSchema is store.Store.CheckSchema.
	CheckSchema func(ctx context.Context) error

	mismatch atomic.Pointer[store.SchemaMismatch]
}

// Ping checks the schema and stores the result for Refusal. If the check itself fails, the last
// result remains.
func (s *Schema) Ping(ctx context.Context) error {
	err := s.CheckSchema(ctx)
	mismatch, ok := errors.AsType[*store.SchemaMismatch](err)
	if err != nil && !ok {
		return err
	}
	before := s.mismatch.Swap(mismatch)
	if before == nil && mismatch != nil {
		s.Log.ErrorContext(ctx, "requests are refused from now on, because this program doesn't run with the schema of the database", "error", mismatch)
	}
	if before != nil && mismatch == nil {
		s.Log.InfoContext(ctx, "requests are served again, because this program runs with the schema of the database")
	}
	return err
}

// Refusal returns errs.SchemaMismatch if the last check found that the schema doesn't fit. It
// doesn't query the database.
func (s *Schema) Refusal() error {
	mismatch := s.mismatch.Load()
	if mismatch == nil {
		return nil
	}
	return errs.New(errs.SchemaMismatch, "This server doesn't run with the current schema of its database, which is being upgraded or reverted. Try again in a moment.").
		After(schemaRetryAfter).Because(mismatch)
}

// Explain checks whether the schema has changed. If so, it returns the refusal joined with err,
// otherwise err.
func (s *Schema) Explain(ctx context.Context, err error) error {
	// The time limit of the request may have passed.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	if _, ok := errors.AsType[*store.SchemaMismatch](s.Ping(ctx)); !ok {
		return err
	}
	return errors.Join(s.Refusal(), err) // err is kept for the log
}

// Run checks the schema every few seconds, until ctx ends.
func (s *Schema) Run(ctx context.Context) {
	ticker := time.NewTicker(schemaInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.ask(ctx)
		}
	}
}

func (s *Schema) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_ = s.Ping(ctx) // if the database doesn't answer, Checker reports it
}
