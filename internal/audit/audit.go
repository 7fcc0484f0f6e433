// Package audit writes down who did what. An entry is written with the queries of the transaction that makes the
// change: there is no change without an entry, and no entry without a change.
package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/search"
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
	now   func() time.Time
	newID func() uuid.UUID
}

// NewLog returns a log that takes times and ids from the given sources.
func NewLog(now func() time.Time, newID func() uuid.UUID) *Log {
	return &Log{now: now, newID: newID}
}

// Write adds an entry through q, which belongs to the transaction of the change. The principal may be zero: nobody is
// logged in, as in a log-in that failed.
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
	Derive(&row)
	return q.InsertAuditEntry(ctx, db.InsertAuditEntryParams(row))
}

// Derive sets the columns that are made from others. They are made here, so that all engines count and search alike.
func Derive(e *db.AuditEntry) {
	e.OccurredOn = e.OccurredAt.UTC().Format(time.DateOnly)
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
