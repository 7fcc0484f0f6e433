package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

var sessionTests = map[string]func(*T){
	"session/null comes back as null": func(t *T) {
		want := session(t, newSession(user(t, newUser(tenant(t)))))
		equal(t, "session", sessionNow(t, want), want)
	},
	"session/every field comes back": func(t *T) {
		want := newSession(user(t, newUser(tenant(t))))
		want.PreviousRefreshID, want.EndedAt, want.EndReason = new(newID()), new(noon().Add(time.Minute)), new("logout")
		want.IP, want.UserAgent, want.Version = "2001:db8::1", "", 4
		want.RepeatedRefreshID, want.RepeatsInARow = new(newID()), 2
		want.RefreshedIP, want.RefreshedUserAgent = new("2001:db8::2"), new("")
		session(t, want)
		equal(t, "session", sessionNow(t, want), want)
	},
	"session/missing": func(t *T) {
		fails(t, t.store.GetSession, db.GetSessionParams{TenantID: tenant(t), ID: newID()}, store.ErrNotFound)
	},
	"session/another tenant's is missing": func(t *T) {
		s := session(t, newSession(user(t, newUser(tenant(t)))))
		fails(t, t.store.GetSession, db.GetSessionParams{TenantID: tenant(t), ID: s.ID}, store.ErrNotFound)
	},
	"session/needs a user of the same tenant": func(t *T) {
		s := newSession(user(t, newUser(tenant(t))))
		s.TenantID = tenant(t)
		refuse(t, t.store.InsertSession, db.InsertSessionParams(s), store.ForeignKey, "sessions_tenant_id_user_id_fkey")
	},
	"session/state is that of session, user and tenant": func(t *T) {
		row := newTenant()
		row.Status = "suspended"
		exec(t, t.store.InsertTenant, db.InsertTenantParams(row))
		u := newUser(row.ID)
		u.Role, u.IsActive, u.IsSuperuser = "admin", false, true
		s := newSession(user(t, u))
		s.EndedAt = new(noon().Add(time.Minute))
		session(t, s)
		arg := db.GetSessionStateParams{TenantID: row.ID, ID: s.ID}
		equal(t, "state", query(t, t.store.GetSessionState, arg), db.GetSessionStateRow{
			UserID: u.ID, EndedAt: s.EndedAt, ExpiresAt: s.ExpiresAt,
			Email: u.Email, Role: "admin", IsActive: false, IsSuperuser: true, TenantStatus: "suspended",
		})
		arg.TenantID = tenant(t)
		fails(t, t.store.GetSessionState, arg, store.ErrNotFound)
		fails(t, t.store.GetSessionState, db.GetSessionStateParams{TenantID: row.ID, ID: newID()}, store.ErrNotFound)
	},
	"session/rotates once per version": func(t *T) {
		want := session(t, newSession(user(t, newUser(tenant(t)))))
		arg := db.RotateSessionParams{
			RefreshID: newID(), PreviousRefreshID: new(want.RefreshID), RefreshedAt: noon().Add(time.Minute), ExpiresAt: noon().Add(2 * time.Hour),
			RefreshedIP: new("192.0.2.2"), RefreshedUserAgent: new("another"),
			TenantID: tenant(t), ID: want.ID, Version: want.Version,
		}
		equal(t, "rows of another tenant", query(t, t.store.RotateSession, arg), 0)
		arg.TenantID = want.TenantID
		equal(t, "rows", query(t, t.store.RotateSession, arg), 1)
		want.RefreshID, want.PreviousRefreshID = arg.RefreshID, arg.PreviousRefreshID
		want.RefreshedAt, want.ExpiresAt, want.Version = arg.RefreshedAt, arg.ExpiresAt, want.Version+1
		want.RefreshedIP, want.RefreshedUserAgent = arg.RefreshedIP, arg.RefreshedUserAgent
		equal(t, "session", sessionNow(t, want), want)
		arg.RefreshID = newID()
		equal(t, "rows with a stale version", query(t, t.store.RotateSession, arg), 0)
		equal(t, "session", sessionNow(t, want), want)
	},
	"session/a repeated refresh is recorded once per version": func(t *T) {
		want := session(t, newSession(user(t, newUser(tenant(t)))))
		arg := db.RecordRepeatedRefreshParams{
			RepeatedRefreshID: &want.RefreshID, RepeatsInARow: 2, TenantID: tenant(t), ID: want.ID, Version: want.Version,
		}
		equal(t, "rows of another tenant", query(t, t.store.RecordRepeatedRefresh, arg), 0)
		arg.TenantID = want.TenantID
		equal(t, "rows", query(t, t.store.RecordRepeatedRefresh, arg), 1)
		want.RepeatedRefreshID, want.RepeatsInARow, want.Version = arg.RepeatedRefreshID, 2, want.Version+1
		equal(t, "session", sessionNow(t, want), want)
		equal(t, "rows with a stale version", query(t, t.store.RecordRepeatedRefresh, arg), 0)
	},
	"session/ends once, and then rotates no more": func(t *T) {
		want := session(t, newSession(user(t, newUser(tenant(t)))))
		arg := db.EndSessionParams{EndedAt: new(noon().Add(time.Minute)), EndReason: new("logout"), TenantID: tenant(t), ID: want.ID}
		equal(t, "rows of another tenant", query(t, t.store.EndSession, arg), 0)
		arg.TenantID = want.TenantID
		equal(t, "rows", query(t, t.store.EndSession, arg), 1)
		want.EndedAt, want.EndReason, want.Version = arg.EndedAt, arg.EndReason, want.Version+1
		equal(t, "session", sessionNow(t, want), want)

		arg.EndReason = new("again")
		equal(t, "rows the second time", query(t, t.store.EndSession, arg), 0)
		equal(t, "rows of a rotation", query(t, t.store.RotateSession, db.RotateSessionParams{
			RefreshID: newID(), RefreshedAt: noon(), ExpiresAt: noon(), TenantID: want.TenantID, ID: want.ID, Version: want.Version,
		}), 0)
		equal(t, "session", sessionNow(t, want), want)
	},
	"session/all sessions of a user end except the current one": func(t *T) {
		mine := user(t, newUser(tenant(t)))
		colleague := user(t, newUser(mine.TenantID))
		current, old, second := session(t, newSession(mine)), newSession(mine), session(t, newSession(mine))
		old.EndedAt, old.EndReason = new(noon()), new("logout")
		session(t, old)
		foreign := session(t, newSession(colleague))
		arg := db.EndOtherSessionsParams{
			EndedAt: new(noon().Add(time.Minute)), EndReason: new("others"), TenantID: tenant(t), UserID: mine.ID, ID: current.ID,
		}
		equal(t, "rows of another tenant", query(t, t.store.EndOtherSessions, arg), 0)
		arg.TenantID = mine.TenantID
		equal(t, "rows", query(t, t.store.EndOtherSessions, arg), 1)
		second.EndedAt, second.EndReason, second.Version = arg.EndedAt, arg.EndReason, second.Version+1
		for _, s := range []db.Session{current, old, second, foreign} {
			equal(t, "session", sessionNow(t, s), s)
		}
		equal(t, "rows the second time", query(t, t.store.EndOtherSessions, arg), 0)
	},
	"session/all sessions of a user end": func(t *T) {
		mine := user(t, newUser(tenant(t)))
		first, second, old := session(t, newSession(mine)), session(t, newSession(mine)), newSession(mine)
		old.EndedAt, old.EndReason = new(noon()), new("logout")
		session(t, old)
		foreign := session(t, newSession(user(t, newUser(mine.TenantID))))
		arg := db.EndUserSessionsParams{EndedAt: new(noon().Add(time.Minute)), EndReason: new("all"), TenantID: tenant(t), UserID: mine.ID}
		equal(t, "rows of another tenant", query(t, t.store.EndUserSessions, arg), 0)
		arg.TenantID = mine.TenantID
		equal(t, "rows", query(t, t.store.EndUserSessions, arg), 2)
		for _, s := range []*db.Session{&first, &second} {
			s.EndedAt, s.EndReason, s.Version = arg.EndedAt, arg.EndReason, s.Version+1
		}
		for _, s := range []db.Session{first, second, old, foreign} {
			equal(t, "session", sessionNow(t, s), s)
		}
		equal(t, "rows the second time", query(t, t.store.EndUserSessions, arg), 0)
	},
	"session/live sessions of a user are listed newest first": func(t *T) {
		mine := user(t, newUser(tenant(t)))
		var alive []db.Session
		for i := range 3 {
			s := newSession(mine)
			s.CreatedAt = noon().Add(-time.Duration(i/2) * time.Minute) // the first two differ only in their ids
			alive = append(alive, session(t, s))
		}
		ended, expired := newSession(mine), newSession(mine)
		ended.EndedAt, expired.ExpiresAt = new(noon()), noon()
		session(t, ended)
		session(t, expired)
		session(t, newSession(user(t, newUser(mine.TenantID))))

		live := listOf[db.Session, db.SessionFilters]{
			List:  db.SessionList,
			place: func(s db.Session) place { return place{at: s.CreatedAt, id: s.ID} },
			in: func(tenant uuid.UUID, f db.SessionFilters) db.SessionFilters {
				return db.SessionFilters{TenantID: tenant, UserID: mine.ID, Now: noon()}
			},
		}
		live.holdEveryRow(t, mine.TenantID, alive)
		live.holdEveryRow(t, tenant(t), nil)
	},
	"session/expired sessions of a tenant are listed oldest first": func(t *T) {
		mine := user(t, newUser(tenant(t)))
		var expired []db.Session
		for i := range 3 {
			s := newSession(mine)
			s.ExpiresAt = noon().Add(time.Duration(i-2) * time.Minute)
			expired = append(expired, session(t, s))
		}
		alive := session(t, newSession(mine))
		arg := db.ListExpiredSessionsParams{TenantID: mine.TenantID, ExpiredUntil: noon(), Limit: 10}
		equal(t, "expired", query(t, t.store.ListExpiredSessions, arg), []uuid.UUID{expired[0].ID, expired[1].ID, expired[2].ID})
		arg.Limit = 1
		equal(t, "the first", query(t, t.store.ListExpiredSessions, arg), []uuid.UUID{expired[0].ID})
		arg.TenantID = tenant(t)
		equal(t, "of another tenant", query(t, t.store.ListExpiredSessions, arg), []uuid.UUID{})

		remove := db.DeleteExpiredSessionParams{TenantID: arg.TenantID, ID: expired[0].ID, ExpiredUntil: noon()}
		equal(t, "rows of another tenant", query(t, t.store.DeleteExpiredSession, remove), 0)
		remove.TenantID = mine.TenantID
		equal(t, "rows", query(t, t.store.DeleteExpiredSession, remove), 1)
		fails(t, t.store.GetSession, db.GetSessionParams{TenantID: mine.TenantID, ID: expired[0].ID}, store.ErrNotFound)
		remove.ID = alive.ID
		equal(t, "rows of one that is alive", query(t, t.store.DeleteExpiredSession, remove), 0)
	},
}
