package audit

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/search"
)

// The range of the times of entries. Every engine can compare with them.
var (
	earliest = time.Unix(0, 0).UTC()
	latest   = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

// selection has the filters of entries of a tenant.
type selection = db.AuditEntryFilters

// newestFirst is the only order of entries.
var newestFirst = db.AuditEntryList.Orders[0]

// since returns the lower bound of a selection, inclusive.
func since(sel selection) time.Time {
	if sel.Since == nil {
		return earliest
	}
	return *sel.Since
}

// before selects the entries of a tenant that are older than t.
func before(tenantID uuid.UUID, t time.Time) selection {
	var sel selection
	sel.TenantID, sel.Before = tenantID, t
	return sel
}

// start returns the place before the newest entry of a selection. The zero id is less than all
// others.
func start(sel selection) (db.Place, error) {
	return newestFirst.Place(db.AuditEntry{OccurredAt: sel.Before})
}

// selection converts the filters of a request. A filter that no entry can match is
// errs.ValidationFailed, because an empty list would suggest that nothing happened.
func (r *Reader) selection(ctx context.Context, tenantID uuid.UUID, in api.ListAuditLogsParams) (selection, error) {
	sel, err := selectionOf(tenantID, in)
	if err != nil {
		return selection{}, err
	}
	var faults errs.Faults
	if err := r.checkKinds(ctx, sel, &faults); err != nil {
		return selection{}, err
	}
	return sel, faults.Err()
}

// selectionOf converts filters without checking the names of actions and entity types.
func selectionOf(tenantID uuid.UUID, in api.ListAuditLogsParams) (selection, error) {
	sel := selection{
		TenantID: tenantID, Since: nil, Before: latest, ActorID: in.ActorID, Action: nil, ActionArea: nil,
		EntityType: in.EntityType, EntityID: in.EntityID, Outcome: (*string)(in.Outcome), IP: nil, RequestID: in.RequestID, Pattern: nil,
	}
	if in.IP != nil {
		address, err := netip.ParseAddr(*in.IP)
		if err != nil {
			return selection{}, errs.Invalid(errs.Field{Parameter: "ip", Detail: "Use an IP address like 192.0.2.7 or 2001:db8::1.", Code: "format"})
		}
		sel.IP = new(access.CanonicalAddress(address).String())
	}
	if in.RequestID != nil && !access.IsRequestID(*in.RequestID) {
		return selection{}, errs.Invalid(errs.Field{
			Parameter: "request_id", Detail: "Use a request id, which has letters (A to Z), digits, dots, hyphens and underscores.", Code: "format",
		})
	}
	if in.From != nil {
		if from := storable(in.From.Time); from.After(earliest) {
			sel.Since = &from
		}
	}
	if in.To != nil {
		sel.Before = storable(in.To.Time)
	}
	if since(sel).After(sel.Before) {
		return selection{}, errs.Invalid(errs.Field{Parameter: "from", Detail: "Use a time that is not after the one of the parameter to.", Code: "maximum"})
	}
	if in.Action != nil {
		if area, all := strings.CutSuffix(*in.Action, ".*"); all {
			sel.ActionArea = &area
		} else {
			sel.Action = in.Action
		}
	}
	if in.Q != nil {
		q := *in.Q
		if address, err := email.Canonical(strings.TrimSpace(q)); err == nil {
			q = address // entries store only the canonical form
		}
		pattern := search.Pattern(q)
		sel.Pattern = &pattern
	}
	return sel, nil
}

// storable converts a client's time to one that every engine compares alike. Entries have
// microseconds, so t is rounded up to the next one.
func storable(t time.Time) time.Time {
	t = t.UTC().Add(time.Microsecond - 1).Truncate(time.Microsecond)
	switch {
	case t.Before(earliest):
		return earliest
	case t.After(latest):
		return latest
	}
	return t
}
