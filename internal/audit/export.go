package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
)

// exportBatch is how many entries an export has in memory at once.
const exportBatch = 500

// Export is a part of a trail on its way out.
type Export struct {
	StartedAt time.Time

	reader *Reader
	sel    selection
	after  db.Place
	ended  bool
}

// Export writes down that someone exports entries, in what format and with which filters, and only then returns them. The
// new entry is one of them if the filters let it through.
func (r *Reader) Export(ctx context.Context, by access.Principal, format api.AuditExportFormat, filters api.ListAuditLogsParams) (*Export, error) {
	sel, err := r.selection(ctx, by.TenantID, filters)
	if err != nil {
		return nil, err
	}
	changes, err := exportChanges(format, filters)
	if err != nil {
		return nil, err
	}
	first, err := start(sel)
	if err != nil {
		return nil, err
	}
	export := &Export{StartedAt: r.now(), reader: r, sel: sel, after: first}
	err = r.store.Tx(ctx, func(q db.Querier) error { return r.log.Write(ctx, q, by, Entry{Changes: changes}) })
	if err != nil {
		return nil, err
	}
	return export, nil
}

// exportChanges are the filters by their names in the API.
func exportChanges(format api.AuditExportFormat, filters api.ListAuditLogsParams) (Changes, error) {
	filters.TenantID = nil // it is the entry's
	encoded, err := json.Marshal(filters)
	if err != nil {
		return nil, fmt.Errorf("encode filters: %w", err)
	}
	var given map[string]any
	if err := json.Unmarshal(encoded, &given); err != nil {
		return nil, fmt.Errorf("decode filters: %w", err)
	}
	changes := Changes{"format": {After: format}}
	for name, value := range given {
		changes[name] = Change{After: value}
	}
	return changes, nil
}

// Next returns the next entries, newest first; none means that there are no more.
func (e *Export) Next(ctx context.Context) ([]db.AuditEntry, error) {
	if e.ended {
		return nil, nil
	}
	entries, err := e.reader.query(ctx, e.sel, e.after, exportBatch)
	if err != nil {
		return nil, err
	}
	if len(entries) < exportBatch {
		e.ended = true
		return entries, nil
	}
	e.after, err = newestFirst.Place(entries[len(entries)-1])
	return entries, err
}
