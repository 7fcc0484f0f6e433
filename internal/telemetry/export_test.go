package telemetry

import "context"

// Flush sends the waiting spans.
func (t *Tracing) Flush(ctx context.Context) error { return t.provider.ForceFlush(ctx) }
