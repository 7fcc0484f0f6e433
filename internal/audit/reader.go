package audit

import (
	"context"
	"errors"
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
	kinds   kinds
}

// NewReader reads what a log has written to a store for operations.
func NewReader(s *store.Store, log *Log, cursors *paging.Cursors, operations []access.Operation, now func() time.Time) *Reader {
	return &Reader{store: s, log: log, cursors: cursors, now: now, kinds: newKinds(operations)}
}

// start is the place before the newest entry of a selection: no id is less than the zero one.
func start(sel selection) paging.Place { return paging.Place{CreatedAt: sel.Before} }

// place is where an entry stands in the trail.
func place(e db.AuditEntry) paging.Place { return paging.Place{CreatedAt: e.OccurredAt, ID: e.ID} }

// List returns a page of the tenant's entries, newest first. A cursor that doesn't fit is errs.InvalidCursor;
// a filter that no entry can match is errs.ValidationFailed.
func (r *Reader) List(ctx context.Context, by access.Principal, in api.ListAuditLogsParams) (paging.Page[db.AuditEntry], error) {
	sel, err := r.selection(ctx, by.TenantID, in)
	if err != nil {
		return paging.Page[db.AuditEntry]{}, err
	}
	newestFirst := api.SortCreatedAtDesc
	list := paging.List{TenantID: by.TenantID, Name: "listAuditLogs", Filters: sel}
	request := paging.Request{Sort: &newestFirst, Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}
	return paging.Read(ctx, r.cursors, list, request, paging.Source[db.AuditEntry]{
		Orders: map[api.Sort]paging.Query[db.AuditEntry]{
			newestFirst: func(ctx context.Context, after paging.Place, limit int32) ([]db.AuditEntry, error) {
				if !after.CreatedAt.Before(sel.Before) {
					after = start(sel) // the first page: it begins where the selection does
				}
				return r.query(ctx, sel, after, limit)
			},
		},
		Count: func(ctx context.Context) (int64, error) { return r.store.CountAuditEntries(ctx, sel) },
		Place: place,
	})
}

// query returns the entries of a selection that come after a place, at most limit.
func (r *Reader) query(ctx context.Context, sel selection, after paging.Place, limit int32) ([]db.AuditEntry, error) {
	var since *time.Time
	if sel.Since.After(earliest) {
		since = &sel.Since
	}
	entries, err := r.store.ListAuditEntries(ctx, db.ListAuditEntriesParams{
		TenantID: sel.TenantID, Since: since, AfterOccurredAt: after.CreatedAt, AfterID: after.ID,
		ActorID: sel.ActorID, Action: sel.Action, ActionArea: sel.ActionArea,
		EntityType: sel.EntityType, EntityID: sel.EntityID, Outcome: sel.Outcome, IP: sel.IP, RequestID: sel.RequestID,
		Pattern: sel.Pattern, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	return entries, r.count(ctx, entries...)
}

// Get returns an entry of the tenant, or errs.NotFound.
func (r *Reader) Get(ctx context.Context, by access.Principal, id uuid.UUID) (db.AuditEntry, error) {
	e, err := r.store.GetAuditEntry(ctx, db.GetAuditEntryParams{TenantID: by.TenantID, ID: id})
	if errors.Is(err, store.ErrNotFound) {
		return db.AuditEntry{}, errs.New(errs.NotFound, "There is no such audit entry.").Because(err)
	}
	if err != nil {
		return db.AuditEntry{}, err
	}
	one := []db.AuditEntry{e}
	err = r.count(ctx, one...)
	return one[0], err
}
