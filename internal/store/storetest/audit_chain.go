package storetest

import (
	"bytes"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// newAuditLink returns a link whose MAC contains bytes that aren't valid text.
func newAuditLink(e db.AuditEntry) db.AuditLink {
	return db.AuditLink{TenantID: e.TenantID, EntryID: e.ID, OccurredAt: e.OccurredAt, KeyID: "k", MAC: []byte{0, 0xff, '\'', '\\', 0}}
}

func auditLink(t *T, l db.AuditLink) db.AuditLink {
	t.Helper()
	exec(t, t.store.InsertAuditLink, db.InsertAuditLinkParams(l))
	return l
}

// linkedEntries inserts an entry and its link for each seal number, and returns both in the order
// of their ids.
func linkedEntries(t *T, tenant uuid.UUID, seals ...int64) ([]db.AuditEntry, []db.AuditLink) {
	t.Helper()
	var entries []db.AuditEntry
	var links []db.AuditLink
	for _, seal := range seals {
		e := auditEntry(t, newAuditEntry(tenant))
		l := newAuditLink(e)
		l.SealNumber = seal
		entries, links = append(entries, e), append(links, auditLink(t, l))
	}
	return entries, links
}

func newAuditSeal(tenant uuid.UUID, number int64) db.AuditSeal {
	at := noon().Add(123456 * time.Microsecond)
	return db.AuditSeal{
		SealedAt: &at, TenantID: tenant, Number: number, LastSeq: 10 * number, KeyID: "k", Trace: bytes.Repeat([]byte{0, 1, 0xfe, 0xff}, 16_000), Hash: []byte{0, 0x80, 0xff},
	}
}

func auditSeal(t *T, s db.AuditSeal) db.AuditSeal {
	t.Helper()
	exec(t, t.store.InsertAuditSeal, db.InsertAuditSealParams(s))
	return s
}

var auditChainTests = map[string]func(*T){
	"audit chain/a link is only found in its tenant": func(t *T) {
		want := auditLink(t, newAuditLink(newAuditEntry(newID())))
		want.SealNumber = 0
		equal(t, "link", query(t, t.store.GetAuditLink, db.GetAuditLinkParams{TenantID: want.TenantID, EntryID: want.EntryID}), want)
		fails(t, t.store.GetAuditLink, db.GetAuditLinkParams{TenantID: newID(), EntryID: want.EntryID}, store.ErrNotFound)
	},
	"audit chain/an entry has one link": func(t *T) {
		l := auditLink(t, newAuditLink(newAuditEntry(newID())))
		l.SealNumber++
		if err := t.store.InsertAuditLink(t.Context(), db.InsertAuditLinkParams(l)); err == nil {
			t.Error("a second link is accepted")
		}
	},
	"audit chain/links and entries in a range of seals are sorted by seal and id": func(t *T) {
		one := tenant(t)
		entries, links := linkedEntries(t, one, 2, 1, 0, 2, -1, 3)
		linkedEntries(t, tenant(t), 1, 2)
		for name, want := range map[string]struct {
			after, last int64
			from        uuid.UUID
			limit       int32
			rows        []int
		}{
			"all":               {math.MinInt64, math.MaxInt64, uuid.Nil, 9, []int{4, 2, 1, 0, 3, 5}},
			"of two":            {0, 2, uuid.Nil, 9, []int{1, 0, 3}},
			"waiting":           {-1, 0, uuid.Nil, 9, []int{2}},
			"waiting from here": {-1, 0, links[2].EntryID, 9, []int{2}},
			"waiting from next": {-1, 0, links[3].EntryID, 9, nil},
			"limited":           {0, math.MaxInt64, uuid.Nil, 2, []int{1, 0}},
		} {
			arg := db.ListAuditLinksParams{TenantID: one, AfterSeal: want.after, LastSeal: want.last, FromEntryID: want.from, Limit: want.limit}
			wantLinks, wantEntries := []db.AuditLink{}, []db.AuditEntry{}
			for _, i := range want.rows {
				wantLinks, wantEntries = append(wantLinks, links[i]), append(wantEntries, entries[i])
			}
			equal(t, name+": links", query(t, t.store.ListAuditLinks, arg), wantLinks)
			equal(t, name+": entries", query(t, t.store.ListLinkedAuditEntries, db.ListLinkedAuditEntriesParams(arg)), wantEntries)
		}
	},
	"audit chain/a link outlives its entry": func(t *T) {
		one := tenant(t)
		_, links := linkedEntries(t, one, 1, 1)
		query(t, t.store.DeleteAuditEntriesUpTo, db.DeleteAuditEntriesUpToParams{TenantID: one, LastOccurredAt: noon().Add(time.Hour)})
		arg := db.ListAuditLinksParams{TenantID: one, LastSeal: 1, Limit: 9}
		equal(t, "links", query(t, t.store.ListAuditLinks, arg), links)
		equal(t, "entries", query(t, t.store.ListLinkedAuditEntries, db.ListLinkedAuditEntriesParams(arg)), []db.AuditEntry{})
	},
	"audit chain/a claim takes the waiting links up to an entry": func(t *T) {
		one, two := tenant(t), tenant(t)
		_, links := linkedEntries(t, one, 0, 7, 0, 0)
		_, others := linkedEntries(t, two, 0)
		arg := db.ClaimAuditLinksParams{TenantID: one, SealNumber: 8, LastEntryID: links[2].EntryID}
		equal(t, "claimed", query(t, t.store.ClaimAuditLinks, arg), 2)
		equal(t, "claimed again", query(t, t.store.ClaimAuditLinks, arg), 0)
		links[0].SealNumber, links[2].SealNumber = 8, 8
		all := db.ListAuditLinksParams{TenantID: one, AfterSeal: -1, LastSeal: 9, Limit: 9}
		equal(t, "links", query(t, t.store.ListAuditLinks, all), []db.AuditLink{links[3], links[1], links[0], links[2]})
		all.TenantID = two
		equal(t, "another tenant's", query(t, t.store.ListAuditLinks, all), others)
	},
	"audit chain/an entry without a link is found": func(t *T) {
		one := tenant(t)
		entries, _ := linkedEntries(t, one, 0, 1)
		lone := auditEntry(t, newAuditEntry(one))
		all := db.GetUnlinkedAuditEntryParams{TenantID: one, LastID: uuid.Max}
		equal(t, "entry", query(t, t.store.GetUnlinkedAuditEntry, all), db.GetUnlinkedAuditEntryRow{ID: lone.ID, OccurredAt: lone.OccurredAt})
		fails(t, t.store.GetUnlinkedAuditEntry, db.GetUnlinkedAuditEntryParams{TenantID: one, LastID: entries[1].ID}, store.ErrNotFound)
		// A link with the same entry id in another tenant doesn't count.
		l := newAuditLink(lone)
		l.TenantID = newID()
		auditLink(t, l)
		query(t, t.store.GetUnlinkedAuditEntry, all)
		auditLink(t, newAuditLink(lone))
		fails(t, t.store.GetUnlinkedAuditEntry, all, store.ErrNotFound)
	},
	"audit chain/a short queue has no row at the look-ahead offset": func(t *T) {
		one := tenant(t)
		linkedEntries(t, one, 0)
		fails(t, t.store.GetWaitingAuditLinkAhead, db.GetWaitingAuditLinkAheadParams{TenantID: one}, store.ErrNotFound)
		fails(t, t.store.GetAuditEntryKeyAhead, db.GetAuditEntryKeyAheadParams{TenantID: one}, store.ErrNotFound)
	},
	"audit chain/tenants with links that wait are found": func(t *T) {
		sealed, waiting := tenant(t), tenant(t)
		linkedEntries(t, sealed, 1)
		linkedEntries(t, waiting, 1, 0)
		list := query(t, t.store.ListTenantsToSealUnscoped, db.ListTenantsToSealUnscopedParams{Limit: 10_000})
		has := func(id uuid.UUID) bool {
			return slices.ContainsFunc(list, func(r db.ListTenantsToSealUnscopedRow) bool { return r.ID == id })
		}
		if has(sealed) || !has(waiting) || !slices.IsSortedFunc(list, func(a, b db.ListTenantsToSealUnscopedRow) int { return bytes.Compare(a.ID[:], b.ID[:]) }) {
			t.Errorf("tenants to seal are %v; want %s among them, but not %s, in the order of ids", list, waiting, sealed)
		}
		rest := query(t, t.store.ListTenantsToSealUnscoped, db.ListTenantsToSealUnscopedParams{AfterID: waiting, Limit: 10_000})
		if slices.ContainsFunc(rest, func(r db.ListTenantsToSealUnscopedRow) bool { return r.ID == waiting }) {
			t.Error("the page after a tenant contains that tenant")
		}
	},
	"audit chain/seals come back by number": func(t *T) {
		one := tenant(t)
		fails(t, t.store.GetLastAuditSeal, db.GetLastAuditSealParams{TenantID: one}, store.ErrNotFound)
		untimed := newAuditSeal(one, 1)
		untimed.SealedAt = nil
		second, first := auditSeal(t, newAuditSeal(one, 2)), auditSeal(t, untimed)
		auditSeal(t, newAuditSeal(tenant(t), 3))
		equal(t, "last", query(t, t.store.GetLastAuditSeal, db.GetLastAuditSealParams{TenantID: one}), second)
		equal(t, "by number", query(t, t.store.GetAuditSeal, db.GetAuditSealParams{TenantID: one, Number: 1}), first)
		fails(t, t.store.GetAuditSeal, db.GetAuditSealParams{TenantID: one, Number: 3}, store.ErrNotFound)
		equal(t, "all", query(t, t.store.ListAuditSeals, db.ListAuditSealsParams{TenantID: one, Limit: 9}), []db.AuditSeal{first, second})
		equal(t, "the rest", query(t, t.store.ListAuditSeals, db.ListAuditSealsParams{TenantID: one, AfterNumber: 1, Limit: 9}), []db.AuditSeal{second})
		equal(t, "one", query(t, t.store.ListAuditSeals, db.ListAuditSealsParams{TenantID: one, Limit: 1}), []db.AuditSeal{first})
	},
	"audit chain/a number has one seal": func(t *T) {
		s := auditSeal(t, newAuditSeal(tenant(t), 1))
		s.LastSeq++
		if err := t.store.InsertAuditSeal(t.Context(), db.InsertAuditSealParams(s)); err == nil {
			t.Error("a second seal is accepted")
		}
	},
	"audit chain/a seal needs a tenant": func(t *T) {
		refuse(t, t.store.InsertAuditSeal, db.InsertAuditSealParams(newAuditSeal(newID(), 1)), store.ForeignKey, "audit_seals_tenant_id_fkey")
	},
}
