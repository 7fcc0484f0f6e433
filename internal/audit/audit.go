// Package audit records who did what. An entry is written in the same transaction as its change:
// there is no change without an entry, and no entry without a change.
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

// Outcome is the result of an action.
type Outcome string

// The outcomes.
const (
	Success Outcome = "success"
	Failure Outcome = "failure" // attempted without success, such as a log-in with a wrong password
	Denied  Outcome = "denied"  // not allowed
)

// Actions that belong to no operation of the OpenAPI document.
const (
	TenantAccess = "tenant.access" // a superuser acts in a tenant that isn't their own
	AccessDenied = "access.denied" // a request that changes nothing was refused
	Prune        = "audit.prune"   // old entries were deleted
	AcceptHead   = "audit.accept"  // an operator accepted the current end of the chain; see Accept
	TenantDelete = "tenant.delete" // the deletion of a tenant began; in the platform's trail
	// TenantDeleteFinish is written when the deletion of a tenant is complete; in the platform's
	// trail.
	TenantDeleteFinish = "tenant.delete_finish"
	// AccountRelease is written when a tenant's admins can no longer change the password and
	// address of an account, because its owner has accepted an invitation of another tenant; in
	// both trails.
	AccountRelease = "account.release"
)

// Entry is the caller's part of an audit entry. The rest comes from the request and the principal.
type Entry struct {
	Action      string    // empty: the x-audit-action of the operation being served
	TenantID    uuid.UUID // zero: the tenant that the principal acts in
	EntityType  string    // company, session, ...; empty if the entry is about no entity
	EntityID    uuid.UUID
	EntityLabel string // the name that people know it by
	Changes     Changes
	Outcome     Outcome // empty: Success
	Reason      string  // why the outcome isn't Success, in snake_case
}

// Log writes audit entries.
type Log struct {
	keys   *Keys
	now    func() time.Time
	newID  func() uuid.UUID
	sealer *Sealer
}

// NewLog returns a log that signs with keys. now and newID supply times and ids.
func NewLog(keys *Keys, now func() time.Time, newID func() uuid.UUID) *Log {
	return &Log{keys: keys, now: now, newID: newID}
}

// SealWith makes the log notify a sealer of each entry. Without it, entries are sealed when a
// sealer next scans all tenants.
func (l *Log) SealWith(s *Sealer) { l.sealer = s }

// Write adds an entry through q, which must be the transaction of the change. by may be zero if
// nobody is logged in, as in a failed log-in.
func (l *Log) Write(ctx context.Context, tx store.Tx, by access.Principal, e Entry) error {
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
	return l.Insert(ctx, tx, row)
}

// Insert adds an entry and signs it. All columns must be set, except those that Derive sets.
func (l *Log) Insert(ctx context.Context, tx store.Tx, row db.AuditEntry) error {
	row.OccurredAt = row.OccurredAt.UTC().Truncate(time.Microsecond) // the precision of all engines
	Derive(&row)
	mac, err := l.keys.current.signEntry(row)
	if err != nil {
		return err
	}
	if err := tx.InsertAuditEntry(ctx, db.InsertAuditEntryParams(row)); err != nil {
		return err
	}
	link := db.AuditLink{TenantID: row.TenantID, EntryID: row.ID, OccurredAt: row.OccurredAt, KeyID: l.keys.current.id, MAC: mac}
	if err := tx.InsertAuditLink(ctx, db.InsertAuditLinkParams(link)); err != nil {
		return err
	}
	if l.sealer != nil {
		l.sealer.Written(row.TenantID)
	}
	return nil
}

// Derive sets the columns that are computed from others. They are computed here, so that all
// engines group and search alike.
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

// truncate returns at most the first n characters of s.
func truncate(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
