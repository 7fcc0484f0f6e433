package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
)

const (
	defaultStatsDays = 30
	maxStatsDays     = 366
	maxStatsRows     = 100 // maximum number of actions and of actors
)

// Stats has the numbers of a tenant's entries at or after Since and before Before.
type Stats struct {
	Since, Before time.Time
	Total         int64
	ByAction      []db.CountAuditEntriesByActionRow // the 100 most frequent
	ByActor       []db.CountAuditEntriesByActorRow  // the 100 most frequent
	ByDay         []db.CountAuditEntriesByDayRow    // in order; days without entries are omitted
}

// Stats counts the entries of the last 30 days or of another range. A range of more than 366 days
// is errs.ValidationFailed.
func (r *Reader) Stats(ctx context.Context, by access.Principal, in api.GetAuditStatsParams) (Stats, error) {
	now := api.AuditTo{Time: r.now()}
	if in.To == nil {
		in.To = &now
	}
	if in.From == nil {
		in.From = &api.AuditFrom{Time: in.To.AddDate(0, 0, -defaultStatsDays)}
	}
	sel, err := selectionOf(by.TenantID, api.ListAuditLogsParams{From: in.From, To: in.To})
	if err != nil {
		return Stats{}, err
	}
	if sel.Before.After(since(sel).AddDate(0, 0, maxStatsDays)) {
		return Stats{}, errs.Invalid(errs.Field{
			Parameter: "from", Detail: fmt.Sprintf("Use a time at most %d days before the one of the parameter to.", maxStatsDays), Code: "minimum",
		})
	}
	stats := Stats{Since: since(sel), Before: sel.Before}
	if stats.Total, err = db.AuditEntryList.Count(ctx, r.store, sel); err != nil {
		return Stats{}, err
	}
	grouped := db.CountAuditEntriesByActionParams{TenantID: sel.TenantID, Since: stats.Since, Before: sel.Before, Limit: maxStatsRows}
	if stats.ByAction, err = r.store.CountAuditEntriesByAction(ctx, grouped); err != nil {
		return Stats{}, err
	}
	if stats.ByActor, err = r.store.CountAuditEntriesByActor(ctx, db.CountAuditEntriesByActorParams(grouped)); err != nil {
		return Stats{}, err
	}
	grouped.Limit = maxStatsDays + 1 // a range of 366 days can touch 367 dates
	if stats.ByDay, err = r.store.CountAuditEntriesByDay(ctx, db.CountAuditEntriesByDayParams(grouped)); err != nil {
		return Stats{}, err
	}
	return stats, nil
}
