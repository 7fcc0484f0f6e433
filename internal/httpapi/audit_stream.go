package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
)

// stepTimeout is the most that each step of a stream may take: to read a batch from the database,
// or to get it to the client.
const stepTimeout = 30 * time.Second

// auditWriter writes entries in a format.
type auditWriter interface {
	begin() error
	write(e db.AuditEntry) error
	flush() error
}

// streamAuditEntries writes first and then what next returns, until that is nothing. It asks for
// more when the client has taken what there is, and stops when the client goes away; then the error
// is context.Canceled.
func streamAuditEntries(
	ctx context.Context, w http.ResponseWriter, out auditWriter, first []db.AuditEntry,
	next func(context.Context) ([]db.AuditEntry, error),
) error {
	control := http.NewResponseController(w)
	if err := out.begin(); err != nil {
		return err
	}
	for batch := first; ; {
		// In place of the server's limit for a whole reply.
		if err := control.SetWriteDeadline(time.Now().Add(stepTimeout)); err != nil {
			return fmt.Errorf("extend the time to write: %w", err)
		}
		for _, e := range batch {
			if err := out.write(e); err != nil {
				return err
			}
		}
		if err := out.flush(); err != nil {
			return err
		}
		if err := control.Flush(); err != nil {
			return err
		}
		if len(batch) == 0 {
			return nil
		}
		var err error
		if batch, err = nextBatch(ctx, next); err != nil {
			return err
		}
	}
}

// nextBatch reads entries and then checks that the principal may still read them. So if a deletion
// of the tenant has taken some away, the incomplete batch is never written.
func nextBatch(ctx context.Context, next func(context.Context) ([]db.AuditEntry, error)) ([]db.AuditEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	batch, err := next(ctx)
	if err != nil {
		return nil, err
	}
	return batch, access.StillAllowed(ctx)
}

// jsonLines writes an entry per line (https://github.com/ndjson/ndjson-spec).
type jsonLines struct{ encoder *json.Encoder }

func newJSONLines(w io.Writer) jsonLines {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return jsonLines{encoder}
}

func (jsonLines) begin() error                  { return nil }
func (l jsonLines) write(e db.AuditEntry) error { return l.encoder.Encode(toAPIAuditEntry(e)) }
func (jsonLines) flush() error                  { return nil }
