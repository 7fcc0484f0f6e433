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

// Reader lists, exports and counts the entries of a tenant.
type Reader struct {
	store   *store.Store
	log     *Log
	cursors *paging.Cursors
	now     func() time.Time
	kinds   kinds
}

// NewReader returns a reader of a store. operations define the actions and entity types that
// filters may name.
func NewReader(s *store.Store, log *Log, cursors *paging.Cursors, operations []access.Operation, now func() time.Time) *Reader {
	return &Reader{store: s, log: log, cursors: cursors, now: now, kinds: newKinds(operations)}
}

// List returns a page of the tenant's entries, newest first. A cursor of another list is
// errs.InvalidCursor; a filter that no entry can match is errs.ValidationFailed.
func (r *Reader) List(ctx context.Context, by access.Principal, in api.ListAuditLogsParams) (paging.Page[db.AuditEntry], error) {
	sel, err := r.selection(ctx, by.TenantID, in)
	if err != nil {
		return paging.Page[db.AuditEntry]{}, err
	}
	first, err := start(sel)
	if err != nil {
		return paging.Page[db.AuditEntry]{}, err
	}
	request := paging.Request{Cursor: in.Cursor, Limit: in.Limit, Count: in.Count, First: &first}
	page, err := paging.Read(ctx, r.cursors, r.store, db.AuditEntryList, sel, request)
	if err != nil {
		return page, err
	}
	return page, r.count(ctx, page.Items...)
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
