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
	maxStatsRows     = 100 // of actions and of actors
)

// Stats has the counts of a tenant's entries from Since until before Before.
type Stats struct {
	Since, Before time.Time
	Total         int64
	ByAction      []db.CountAuditEntriesByActionRow // the most frequent 100
	ByActor       []db.CountAuditEntriesByActorRow  // the busiest 100
	ByDay         []db.CountAuditEntriesByDayRow    // in order, without days on which nothing happened
}

// Stats counts the entries of the last 30 days, or of another time of at most 366 days; more is errs.ValidationFailed.
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
	grouped.Limit = maxStatsDays + 1 // a time of 366 days begins and ends on the same hour of 367
	if stats.ByDay, err = r.store.CountAuditEntriesByDay(ctx, db.CountAuditEntriesByDayParams(grouped)); err != nil {
		return Stats{}, err
	}
	return stats, nil
}
