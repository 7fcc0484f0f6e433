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
	// repeatWindow is how long after an entry equal requests are counted instead of recorded again.
	repeatWindow = time.Minute
	// repeatCandidates is how many recent entries are compared.
	repeatCandidates = 20
)

// WriteOnce writes an entry about a read-only request. If the same principal has an equal entry of
// the last minute, it only counts the request. Entries are equal if they have the same session,
// address, user agent, method and entity. The caller must hold a lock that all such requests of a
// principal share, so that two concurrent ones don't both write.
func (l *Log) WriteOnce(ctx context.Context, tx store.Tx, by access.Principal, e Entry) error {
	request, since := access.RequestFrom(ctx), l.now().Add(-repeatWindow)
	lately, err := tx.ListAuditEntries(ctx, db.ListAuditEntriesParams{
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
		rows, err := tx.AddAuditRepeat(ctx, db.AddAuditRepeatParams{TenantID: earlier.TenantID, EntryID: earlier.ID})
		if err != nil || rows > 0 {
			return err
		}
		return tx.InsertAuditRepeats(ctx, db.InsertAuditRepeatsParams{TenantID: earlier.TenantID, EntryID: earlier.ID, Requests: 2})
	}
	return l.Write(ctx, tx, by, e)
}

// count adds the number of requests to the changes of entries that represent more than one.
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
