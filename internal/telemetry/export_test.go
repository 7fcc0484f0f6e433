package telemetry

import "context"

// Flush sends what is waiting.
func (t *Tracing) Flush(ctx context.Context) error { return t.provider.ForceFlush(ctx) }
