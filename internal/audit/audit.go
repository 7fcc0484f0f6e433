// Package audit writes down who did what. An entry is written with the queries of the transaction that makes the
// change: there is no change without an entry, and no entry without a change.
package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/search"
	"github.com/tenantry/tenantry/internal/store"
)

// Outcome says how an action ended.
type Outcome string

// The outcomes.
const (
	Success Outcome = "success"
	Failure Outcome = "failure" // tried and not possible, as a log-in with a wrong password
	Denied  Outcome = "denied"  // not allowed
)

// Actions that belong to no operation of the document.
const (
	TenantAccess = "tenant.access" // a superuser acts in a tenant that isn't their own
	AccessDenied = "access.denied" // someone was refused what wouldn't have changed anything
	Prune        = "audit.prune"   // old entries were deleted
	AcceptHead   = "audit.accept"  // an operator accepts the end that the chain has now, see Accept
	TenantDelete = "tenant.delete" // the deletion of a tenant was begun; in the platform's trail
	// TenantDeleteFinish is the end of such a deletion; in the platform's trail.
	TenantDeleteFinish = "tenant.delete_finish"
)

// Entry is what the caller knows of an entry; the rest comes from the request and the principal.
type Entry struct {
	Action      string    // empty: the x-audit-action of the operation being served
	TenantID    uuid.UUID // zero: the tenant that the principal acts in
	EntityType  string    // company, session, ...; empty: about nothing in particular
	EntityID    uuid.UUID
	EntityLabel string // what a person calls it
	Changes     Changes
	Outcome     Outcome // empty: Success
	Reason      string  // why it isn't a success, snake_case
}

// Log writes entries.
type Log struct {
	keys   *Keys
	now    func() time.Time
	newID  func() uuid.UUID
	sealer *Sealer
}

// NewLog returns a log that signs with keys, and takes times and ids from the given sources.
func NewLog(keys *Keys, now func() time.Time, newID func() uuid.UUID) *Log {
	return &Log{keys: keys, now: now, newID: newID}
}

// SealWith has a sealer told of each entry. Without one they wait until one looks for them.
func (l *Log) SealWith(s *Sealer) { l.sealer = s }

// Write adds an entry through q, which belongs to the transaction of the change: what it writes is never there by half. The
// principal may be zero: nobody is logged in, as in a log-in that failed.
func (l *Log) Write(ctx context.Context, q db.Querier, by access.Principal, e Entry) error {
	request := access.RequestFrom(ctx)
	if e.Action == "" {
		e.Action = request.Operation.AuditAction
	}
	if e.Action == "" || e.Action == access.NoAuditAction {
		return fmt.Errorf("operation %q writes an audit entry, but the document declares no action for it", request.Operation.ID)
	}
	if e.TenantID == uuid.Nil {
		e.TenantID = by.TenantID
	}
	if e.TenantID == uuid.Nil {
		return errors.New("an audit entry needs a tenant")
	}
	if e.Outcome == "" {
		e.Outcome = Success
	}
	changes, err := json.Marshal(e.Changes)
	if err != nil {
		return fmt.Errorf("encode changes: %w", err)
	}
	if e.Changes == nil {
		changes = []byte("{}")
	}
	row := db.AuditEntry{
		TenantID: e.TenantID, ID: l.newID(), OccurredAt: l.now(),
		Action: e.Action, EntityType: optional(e.EntityType), EntityLabel: optional(truncate(e.EntityLabel, 254)),
		Changes: changes, Outcome: string(e.Outcome), Reason: optional(e.Reason),
		IP: request.IP, UserAgent: request.UserAgent, RequestID: request.ID, Method: request.Method, Path: truncate(request.Path, 512),
	}
	if e.EntityID != uuid.Nil {
		row.EntityID = &e.EntityID
	}
	if by.UserID != uuid.Nil {
		row.ActorID, row.ActorEmail, row.ActorRole = &by.UserID, optional(by.Email), optional(string(by.UserRole))
		row.ActorIsSuperuser = by.Role == access.Superuser
	}
	if by.SessionID != uuid.Nil {
		row.SessionID = &by.SessionID
	}
	return l.Insert(ctx, q, row)
}

// Insert adds an entry whose columns are all known, but for those that Derive makes, and signs it.
func (l *Log) Insert(ctx context.Context, q db.Querier, row db.AuditEntry) error {
	if _, isStore := q.(*store.Store); isStore {
		return errors.New("an audit entry is two rows, and needs a transaction")
	}
	row.OccurredAt = row.OccurredAt.UTC().Truncate(time.Microsecond) // as all engines keep it
	Derive(&row)
	mac, err := l.keys.current.signEntry(row)
	if err != nil {
		return err
	}
	if err := q.InsertAuditEntry(ctx, db.InsertAuditEntryParams(row)); err != nil {
		return err
	}
	link := db.AuditLink{TenantID: row.TenantID, EntryID: row.ID, OccurredAt: row.OccurredAt, KeyID: l.keys.current.id, MAC: mac}
	if err := q.InsertAuditLink(ctx, db.InsertAuditLinkParams(link)); err != nil {
		return err
	}
	if l.sealer != nil {
		l.sealer.Written(row.TenantID)
	}
	return nil
}

// Derive sets the columns that are made from others. They are made here, so that all engines count and search alike.
func Derive(e *db.AuditEntry) {
	e.OccurredOn = e.OccurredAt.UTC().Format(time.DateOnly)
	e.ActionArea, _, _ = strings.Cut(e.Action, ".")
	parts := []string{e.Action, e.Path}
	for _, p := range []*string{e.ActorEmail, e.EntityLabel, e.Reason} {
		if p != nil {
			parts = append(parts, *p)
		}
	}
	e.SearchText = search.Text(parts...)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// truncate cuts s to at most n characters.
func truncate(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
