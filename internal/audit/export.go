package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tenantry/tenantry/internal/store"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
)

// exportBatch is the maximum number of entries that an export has in memory.
const exportBatch = 500

// Export iterates over the selected entries of a trail.
type Export struct {
	StartedAt time.Time

	reader *Reader
	sel    selection
	after  db.Place
	ended  bool
}

// Export writes an entry about the export, with its format and filters, and then returns an
// iterator over the entries. The new entry is among them if it matches the filters.
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
	err = r.store.Tx(ctx, func(tx store.Tx) error { return r.log.Write(ctx, tx, by, Entry{Changes: changes}) })
	if err != nil {
		return nil, err
	}
	return export, nil
}

// exportChanges returns the format and the filters by their names in the API.
func exportChanges(format api.AuditExportFormat, filters api.ListAuditLogsParams) (Changes, error) {
	filters.TenantID = nil // the entry has it in its own column
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

// Next returns the next entries, newest first. It returns none after the last.
func (e *Export) Next(ctx context.Context) ([]db.AuditEntry, error) {
	if e.ended {
		return nil, nil
	}
	entries, err := newestFirst.Rows(ctx, e.reader.store, e.sel, e.after, exportBatch)
	if err == nil {
		err = e.reader.count(ctx, entries...)
	}
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
