package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/store"
)

// Reader reads the trail of a tenant.
type Reader struct {
	store   *store.Store
	log     *Log
	cursors *paging.Cursors
	now     func() time.Time
}

// NewReader reads what a log has written to a store.
func NewReader(s *store.Store, log *Log, cursors *paging.Cursors, now func() time.Time) *Reader {
	return &Reader{store: s, log: log, cursors: cursors, now: now}
}

// position is where a page starts: after this entry, towards older ones.
type position struct {
	at time.Time
	id uuid.UUID
}

// start is the position before the newest entry of a selection: no id is less than the zero one.
func start(sel selection) position { return position{at: sel.Before} }

// List returns a page of the tenant's entries, newest first. A cursor that doesn't fit is errs.InvalidCursor.
func (r *Reader) List(ctx context.Context, by access.Principal, in api.ListAuditLogsParams) (paging.Page[db.AuditEntry], error) {
	sel, err := selectionOf(by.TenantID, in)
	if err != nil {
		return paging.Page[db.AuditEntry]{}, err
	}
	list := paging.List{TenantID: by.TenantID, Name: "listAuditLogs", Filters: sel}
	after := start(sel)
	if in.Cursor != nil {
		if after, err = r.decode(list, *in.Cursor); err != nil {
			return paging.Page[db.AuditEntry]{}, err
		}
	}

	// One entry more than the page has says whether there is another page.
	limit := paging.Limit(in.Limit)
	entries, err := r.query(ctx, sel, after, limit+1)
	if err != nil {
		return paging.Page[db.AuditEntry]{}, err
	}
	page := paging.Page[db.AuditEntry]{Items: entries}
	if len(entries) > int(limit) {
		page.Items = entries[:limit]
		last := page.Items[limit-1]
		at := last.OccurredAt.UTC().Format(time.RFC3339Nano)
		if page.NextCursor, err = r.cursors.Encode(list, paging.Position{Key: at, ID: last.ID}); err != nil {
			return paging.Page[db.AuditEntry]{}, err
		}
	}
	if in.Count != nil && *in.Count {
		total, err := r.store.CountAuditEntries(ctx, sel)
		if err != nil {
			return paging.Page[db.AuditEntry]{}, err
		}
		page.Total = &total
	}
	return page, nil
}

func (r *Reader) decode(list paging.List, cursor string) (position, error) {
	p, err := r.cursors.Decode(list, cursor)
	if err != nil {
		return position{}, err
	}
	at, err := time.Parse(time.RFC3339Nano, p.Key)
	if err != nil {
		return position{}, fmt.Errorf("decode cursor: %w", err)
	}
	return position{at: at, id: p.ID}, nil
}

// query returns the entries of a selection that come after a position, at most limit.
func (r *Reader) query(ctx context.Context, sel selection, after position, limit int32) ([]db.AuditEntry, error) {
	return r.store.ListAuditEntries(ctx, db.ListAuditEntriesParams{
		TenantID: sel.TenantID, Since: sel.Since, AfterOccurredAt: after.at, AfterID: after.id,
		ActorID: sel.ActorID, Action: sel.Action, ActionFrom: sel.ActionFrom, ActionBefore: sel.ActionBefore,
		EntityType: sel.EntityType, EntityID: sel.EntityID, Outcome: sel.Outcome, IP: sel.IP, RequestID: sel.RequestID,
		Pattern: sel.Pattern, Limit: limit,
	})
}

// Get returns an entry of the tenant, or errs.NotFound.
func (r *Reader) Get(ctx context.Context, by access.Principal, id uuid.UUID) (db.AuditEntry, error) {
	e, err := r.store.GetAuditEntry(ctx, db.GetAuditEntryParams{TenantID: by.TenantID, ID: id})
	if errors.Is(err, store.ErrNotFound) {
		return db.AuditEntry{}, errs.New(errs.NotFound, "There is no such audit entry.").Because(err)
	}
	return e, err
}
