package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// all is the time in which the entries of these tests are.
var all = struct{ since, before time.Time }{time.Unix(0, 0).UTC(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}

// auditList asks for the first entries of a tenant.
func auditList(tenant uuid.UUID, limit int32) db.ListAuditEntriesParams {
	return db.ListAuditEntriesParams{TenantID: tenant, AfterOccurredAt: all.before, AfterID: uuid.Max, Limit: limit}
}

// auditPages walks through a tenant's entries, page by page.
func auditPages(t *T, arg db.ListAuditEntriesParams) []db.AuditEntry {
	t.Helper()
	var all []db.AuditEntry
	for {
		page := query(t, t.store.ListAuditEntries, arg)
		if len(page) == 0 {
			return all
		}
		if len(page) > int(arg.Limit) || len(all) > 100 {
			t.Fatalf("a page of at most %d has %d rows, after %d rows on earlier pages", arg.Limit, len(page), len(all))
		}
		all = append(all, page...)
		last := page[len(page)-1]
		arg.AfterOccurredAt, arg.AfterID = last.OccurredAt, last.ID
	}
}

// insertTrail adds entries at these times after noon, in another order than that of time and ids, and returns them newest first.
func insertTrail(t *T, tenant uuid.UUID, times ...time.Duration) []db.AuditEntry {
	t.Helper()
	var rows []db.AuditEntry
	for _, d := range times {
		e := newAuditEntry(tenant)
		e.OccurredAt = noon().Add(d)
		rows = append(rows, e)
	}
	for i := range rows {
		auditEntry(t, rows[(i*2+1)%len(rows)])
	}
	slices.SortFunc(rows, func(a, b db.AuditEntry) int {
		if byTime := b.OccurredAt.Compare(a.OccurredAt); byTime != 0 {
			return byTime
		}
		return slices.Compare(b.ID[:], a.ID[:])
	})
	return rows
}

var trailTimes = []time.Duration{0, 2 * time.Second, time.Microsecond, 0, time.Hour, -time.Microsecond, 0, 100 * time.Millisecond, time.Hour}

// insertFilterableTrail adds the entries of auditFilters.
func insertFilterableTrail(t *T, tenant uuid.UUID, actor, entity uuid.UUID) {
	t.Helper()
	for i, change := range []func(*db.AuditEntry){
		func(e *db.AuditEntry) { e.Action, e.ActorID = "company.create", &actor },
		func(e *db.AuditEntry) { e.Action, e.EntityType, e.EntityID = "company.update", new("company"), &entity },
		func(e *db.AuditEntry) {
			e.Action, e.ActionArea, e.Outcome, e.IP = "auth.login", "auth", "denied", "2001:db8::1"
		},
		func(e *db.AuditEntry) {
			e.Action, e.ActionArea, e.RequestID, e.EntityType = "company", "", "other", new("")
		},
		func(e *db.AuditEntry) {
			e.Action, e.ActionArea, e.SearchText = "company_x.create", "company_x", "zoe\ncompany"
		},
	} {
		e := newAuditEntry(tenant)
		e.OccurredAt = noon().Add(time.Duration(i) * time.Second)
		e.UserAgent = fmt.Sprint(i)
		change(&e)
		auditEntry(t, e)
	}
}

// auditFilters are filters with the entries of insertFilterableTrail that match, newest first.
func auditFilters(actor, entity uuid.UUID) map[string]struct {
	db.CountAuditEntriesParams

	want string
} {
	type params = db.CountAuditEntriesParams
	type filter = struct {
		db.CountAuditEntriesParams

		want string
	}
	return map[string]filter{
		"everything":                      {params{}, "43210"},
		"actor":                           {params{ActorID: &actor}, "0"},
		"another actor":                   {params{ActorID: &entity}, ""},
		"action":                          {params{Action: new("company.create")}, "0"},
		"area of actions":                 {params{ActionArea: new("company")}, "10"},
		"entity type":                     {params{EntityType: new("company")}, "1"},
		"empty entity type, no null":      {params{EntityType: new("")}, "3"},
		"entity":                          {params{EntityID: &entity}, "1"},
		"outcome":                         {params{Outcome: new("denied")}, "2"},
		"ip":                              {params{IP: new("2001:db8::1")}, "2"},
		"request":                         {params{RequestID: new("other")}, "3"},
		"pattern":                         {params{Pattern: new("%zoe%")}, "4"},
		"since":                           {params{Since: noon().Add(3 * time.Second)}, "43"},
		"before":                          {params{Before: noon().Add(time.Second)}, "0"},
		"since and before":                {params{Since: noon().Add(time.Second), Before: noon().Add(2 * time.Second)}, "1"},
		"several":                         {params{EntityType: new("company"), Outcome: new("success"), EntityID: &entity}, "1"},
		"filters that exclude each other": {params{EntityType: new("company"), Outcome: new("denied")}, ""},
	}
}

var auditListTests = map[string]func(*T){
	"audit list/pages of any size hold every entry once, the newest first": func(t *T) {
		one, other := tenant(t), tenant(t)
		want := insertTrail(t, one, trailTimes...)
		insertTrail(t, other, 0, time.Second, time.Hour)
		for _, limit := range []int32{1, 2, 3, 9, 100} {
			equal(t, fmt.Sprintf("pages of %d", limit), auditPages(t, auditList(one, limit)), want)
		}
	},
	"audit list/filters, and the count takes them too": func(t *T) {
		one, other := tenant(t), tenant(t)
		actor, entity := newID(), newID()
		insertFilterableTrail(t, one, actor, entity)
		insertFilterableTrail(t, other, actor, entity)
		for name, f := range auditFilters(actor, entity) {
			p := f.CountAuditEntriesParams
			p.TenantID = one
			var since *time.Time
			if p.Since.IsZero() {
				p.Since = all.since
			} else {
				since = &p.Since
			}
			if p.Before.IsZero() {
				p.Before = all.before
			}
			equal(t, "count of "+name, query(t, t.store.CountAuditEntries, p), int64(len(f.want)))
			for _, limit := range []int32{1, 2, 100} {
				var got strings.Builder
				for _, e := range auditPages(t, db.ListAuditEntriesParams{
					TenantID: one, Since: since, AfterOccurredAt: p.Before, Limit: limit,
					ActorID: p.ActorID, Action: p.Action, ActionArea: p.ActionArea,
					EntityType: p.EntityType, EntityID: p.EntityID, Outcome: p.Outcome, IP: p.IP, RequestID: p.RequestID, Pattern: p.Pattern,
				}) {
					got.WriteString(e.UserAgent)
				}
				equal(t, fmt.Sprintf("%s in pages of %d", name, limit), got.String(), f.want)
			}
		}
	},
	"audit list/an empty list is not null": func(t *T) {
		if query(t, t.store.ListAuditEntries, auditList(tenant(t), 1)) == nil {
			t.Error("list is nil")
		}
	},
	"audit counts/by action, actor and day of one tenant and time": func(t *T) {
		one, other := tenant(t), tenant(t)
		actor, second := newID(), newID()
		for i, row := range []struct {
			action, email string
			actor         *uuid.UUID
			day           string
		}{
			{"b", "b@example.com", &actor, "2026-11-22"},
			{"a", "b@example.com", &actor, "2026-11-23"},
			{"b", "a@example.com", &second, "2026-11-23"},
			{"c", "", nil, "2026-11-23"},
			{"out of time", "", nil, "2026-11-24"},
		} {
			for _, where := range []uuid.UUID{one, other} {
				e := newAuditEntry(where)
				e.Action, e.ActorID, e.ActorEmail, e.OccurredOn = row.action, row.actor, new(row.email), row.day
				e.OccurredAt = noon().Add(time.Duration(i) * time.Second)
				auditEntry(t, e)
			}
		}
		arg := db.CountAuditEntriesByActionParams{TenantID: one, Since: noon(), Before: noon().Add(4 * time.Second), Limit: 100}
		equal(t, "by action", query(t, t.store.CountAuditEntriesByAction, arg), []db.CountAuditEntriesByActionRow{
			{Action: "b", Entries: 2}, {Action: "a", Entries: 1}, {Action: "c", Entries: 1},
		})
		equal(t, "by actor", query(t, t.store.CountAuditEntriesByActor, db.CountAuditEntriesByActorParams(arg)), []db.CountAuditEntriesByActorRow{
			{ActorID: &actor, ActorEmail: new("b@example.com"), Entries: 2}, {ActorID: &second, ActorEmail: new("a@example.com"), Entries: 1},
		})
		equal(t, "by day", query(t, t.store.CountAuditEntriesByDay, db.CountAuditEntriesByDayParams(arg)), []db.CountAuditEntriesByDayRow{
			{OccurredOn: "2026-11-22", Entries: 1}, {OccurredOn: "2026-11-23", Entries: 3},
		})
		arg.Limit = 1
		equal(t, "by action, at most one", len(query(t, t.store.CountAuditEntriesByAction, arg)), 1)
		equal(t, "by actor, at most one", len(query(t, t.store.CountAuditEntriesByActor, db.CountAuditEntriesByActorParams(arg))), 1)
		equal(t, "by day, at most one", len(query(t, t.store.CountAuditEntriesByDay, db.CountAuditEntriesByDayParams(arg))), 1)
	},
	"audit prune/the oldest keys come first, and all up to one can be deleted": func(t *T) {
		one, other := tenant(t), tenant(t)
		rows := insertTrail(t, one, trailTimes...)
		others := insertTrail(t, other, trailTimes...)
		slices.Reverse(rows)
		keys := query(t, t.store.ListOldestAuditEntryKeys, db.ListOldestAuditEntryKeysParams{TenantID: one, Before: noon().Add(time.Second), Limit: 3})
		var want []db.ListOldestAuditEntryKeysRow
		for _, e := range rows[:3] {
			want = append(want, db.ListOldestAuditEntryKeysRow{OccurredAt: e.OccurredAt, ID: e.ID})
		}
		equal(t, "keys", keys, want)
		arg := db.DeleteAuditEntriesUpToParams{TenantID: one, LastOccurredAt: keys[2].OccurredAt, LastID: keys[2].ID}
		equal(t, "rows", query(t, t.store.DeleteAuditEntriesUpTo, arg), 3)
		equal(t, "rows the second time", query(t, t.store.DeleteAuditEntriesUpTo, arg), 0)
		left := auditPages(t, auditList(one, 100))
		slices.Reverse(left)
		equal(t, "what is left", left, rows[3:])
		equal(t, "the other tenant's", auditPages(t, auditList(other, 100)), others)
		none := query(t, t.store.ListOldestAuditEntryKeys, db.ListOldestAuditEntryKeysParams{TenantID: one, Before: left[0].OccurredAt, Limit: 3})
		equal(t, "keys before the oldest", len(none), 0)
	},
}
