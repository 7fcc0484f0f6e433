package audit

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// repeatWindow is how long after an entry the same requests are counted instead of written down again.
	repeatWindow = time.Minute
	// repeatCandidates is how many entries of that time are looked at.
	repeatCandidates = 20
)

// WriteOnce writes an entry about a request that only reads, or counts it if the same principal has one like it that is
// younger than a minute: from the same session, address and user agent, and about the same entity. The caller locks
// something that all such requests of a principal share, so that two at once don't both write one.
func (l *Log) WriteOnce(ctx context.Context, q db.Querier, by access.Principal, e Entry) error {
	request, since := access.RequestFrom(ctx), l.now().Add(-repeatWindow)
	lately, err := q.ListAuditEntries(ctx, db.ListAuditEntriesParams{
		TenantID: by.TenantID, Since: &since, AfterOccurredAt: latest, ActorID: &by.UserID,
		Action: &e.Action, EntityID: &e.EntityID, IP: &request.IP, Limit: repeatCandidates,
	})
	if err != nil {
		return err
	}
	for _, earlier := range lately {
		if earlier.SessionID == nil || *earlier.SessionID != by.SessionID || earlier.UserAgent != request.UserAgent || earlier.Method != request.Method {
			continue
		}
		rows, err := q.AddAuditRepeat(ctx, db.AddAuditRepeatParams{TenantID: earlier.TenantID, EntryID: earlier.ID})
		if err != nil || rows > 0 {
			return err
		}
		return q.InsertAuditRepeats(ctx, db.InsertAuditRepeatsParams{TenantID: earlier.TenantID, EntryID: earlier.ID, Requests: 2})
	}
	return l.Write(ctx, q, by, e)
}

// count puts the numbers of requests that entries stand for into their changes, where it is more than one.
func (r *Reader) count(ctx context.Context, entries ...db.AuditEntry) error {
	for i := range entries {
		e := &entries[i]
		if e.Action != TenantAccess {
			continue
		}
		repeats, err := r.store.GetAuditRepeats(ctx, db.GetAuditRepeatsParams{TenantID: e.TenantID, EntryID: e.ID})
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if e.Changes, err = json.Marshal(Changes{"requests": {After: repeats.Requests}}); err != nil {
			return err
		}
	}
	return nil
}
