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
	// schemaInterval is how often Schema.Run asks. Whoever asks for the health asks sooner, and so does a request that fails.
	schemaInterval = 5 * time.Second
	// schemaRetryAfter is told to clients that are refused.
	schemaRetryAfter = 5 * time.Second
)

// Schema knows whether the program runs with the schema of the database, which a migration may change at any time.
type Schema struct {
	Log *slog.Logger
	// CheckSchema is that of store.Store.
	CheckSchema func(ctx context.Context) error

	mismatch atomic.Pointer[store.SchemaMismatch]
}

// Ping asks the database and remembers the answer. Without an answer the last one counts.
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

// Refusal returns errs.SchemaMismatch if the program doesn't run with the schema that the database had when it was
// asked last. It asks nobody.
func (s *Schema) Refusal() error {
	mismatch := s.mismatch.Load()
	if mismatch == nil {
		return nil
	}
	return errs.New(errs.SchemaMismatch, "This server doesn't run with the present schema of its database, which is being upgraded or put back. Try again in a moment.").
		After(schemaRetryAfter).Because(mismatch)
}

// Explain asks the database whether the schema has changed, and then returns the refusal in place of an error that
// nobody expected.
func (s *Schema) Explain(ctx context.Context, err error) error {
	// The time limit of the request may have passed.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	if _, ok := errors.AsType[*store.SchemaMismatch](s.Ping(ctx)); !ok {
		return err
	}
	return errors.Join(s.Refusal(), err) // the cause is logged
}

// Run asks every few seconds, until ctx ends.
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
	_ = s.Ping(ctx) // without an answer the database isn't well, which others say
}
