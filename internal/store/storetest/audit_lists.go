package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

var trails = listOf[db.AuditEntry, db.AuditEntryFilters]{
	List:  db.AuditEntryList,
	place: func(e db.AuditEntry) place { return place{at: e.OccurredAt, id: e.ID} },
	in: func(tenant uuid.UUID, f db.AuditEntryFilters) db.AuditEntryFilters {
		f.TenantID = tenant
		if f.Before.IsZero() {
			f.Before = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		return f
	},
}

// auditPages reads the entries of a tenant page by page. Only entries before f.Before are returned.
func auditPages(t *T, tenant uuid.UUID, f db.AuditEntryFilters, limit int32) []db.AuditEntry {
	t.Helper()
	f = trails.in(tenant, f)
	newestFirst := trails.Orders[0]
	return trails.pages(t, newestFirst, f, trails.after(t, newestFirst, db.AuditEntry{OccurredAt: f.Before}), limit)
}

// insertTrail adds entries at these times after noon. It inserts them neither in the order of their
// times nor of their ids, and returns them newest first.
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

// insertFilterableTrail adds the entries that auditFilters expects.
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

// auditFilters returns filters. Each has the numbers of the matching entries of
// insertFilterableTrail, newest first.
func auditFilters(actor, entity uuid.UUID) []filterCase[db.AuditEntryFilters] {
	type filters = db.AuditEntryFilters
	return []filterCase[filters]{
		{"everything", filters{}, "43210"},
		{"actor", filters{ActorID: &actor}, "0"},
		{"another actor", filters{ActorID: &entity}, ""},
		{"action", filters{Action: new("company.create")}, "0"},
		{"area of actions", filters{ActionArea: new("company")}, "10"},
		{"entity type", filters{EntityType: new("company")}, "1"},
		{"empty entity type, no null", filters{EntityType: new("")}, "3"},
		{"entity", filters{EntityID: &entity}, "1"},
		{"outcome", filters{Outcome: new("denied")}, "2"},
		{"ip", filters{IP: new("2001:db8::1")}, "2"},
		{"request", filters{RequestID: new("other")}, "3"},
		{"pattern", filters{Pattern: new("%zoe%")}, "4"},
		{"since", filters{Since: new(noon().Add(3 * time.Second))}, "43"},
		{"before", filters{Before: noon().Add(time.Second)}, "0"},
		{"since and before", filters{Since: new(noon().Add(time.Second)), Before: noon().Add(2 * time.Second)}, "1"},
		{"several", filters{EntityType: new("company"), Outcome: new("success"), EntityID: &entity}, "1"},
		{"filters that exclude each other", filters{EntityType: new("company"), Outcome: new("denied")}, ""},
	}
}

var auditListTests = map[string]func(*T){
	"audit list/pages of any size hold every entry once, the newest first": func(t *T) {
		one, other := tenant(t), tenant(t)
		want := insertTrail(t, one, trailTimes...)
		insertTrail(t, other, 0, time.Second, time.Hour)
		trails.holdEveryRow(t, one, want)
		trails.holdEveryRow(t, tenant(t), nil)
	},
	"audit list/filters, and the count takes them too": func(t *T) {
		one, other := tenant(t), tenant(t)
		actor, entity := newID(), newID()
		insertFilterableTrail(t, one, actor, entity)
		insertFilterableTrail(t, other, actor, entity)
		for _, c := range auditFilters(actor, entity) {
			equal(t, "count of "+c.name, trails.count(t, trails.in(one, c.filters)), int64(len(c.want)))
			for _, limit := range []int32{1, 2, 100} {
				var got strings.Builder
				for _, e := range auditPages(t, one, c.filters, limit) {
					got.WriteString(e.UserAgent)
				}
				equal(t, fmt.Sprintf("%s in pages of %d", c.name, limit), got.String(), c.want)
			}
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
		left := auditPages(t, one, db.AuditEntryFilters{}, 100)
		slices.Reverse(left)
		equal(t, "what is left", left, rows[3:])
		equal(t, "the other tenant's", auditPages(t, other, db.AuditEntryFilters{}, 100), others)
		none := query(t, t.store.ListOldestAuditEntryKeys, db.ListOldestAuditEntryKeysParams{TenantID: one, Before: left[0].OccurredAt, Limit: 3})
		equal(t, "keys before the oldest", len(none), 0)
	},
}
