package seed

import (
	"net/http"
	"slices"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
)

// How often people do things in the generated history.
const (
	oneNeverCame  = 20 // one in this many people has never logged in
	moreSessions  = 3  // maximum of sessions after the first, plus one
	oneMistyped   = 12 // one in this many log-ins fails at first
	oneWentTooFar = 30 // one in this many sessions of people who aren't admins has a refused request
	oneCameBack   = 3  // one in this many people who left tries to log in again
	loginPath     = "/api/v1/auth/login"
	usersPath     = "/api/v1/users"
)

// live adds the events of a person, and returns the user's final state and the department that they
// head, or nil.
func (h *history) live(p person) (db.User, *db.Department) {
	u, isAdmin := p.user, p.user.ID == h.admin.ID
	created := aboutUser(u)
	if isAdmin {
		h.add(u.CreatedAt, "user.create", created, audit.Created(u))
	} else {
		h.administer(u.CreatedAt, "user.create", created, audit.Created(u), http.MethodPost, usersPath)
	}
	headed := h.appoint(p)
	last := h.end
	if p.left {
		last = h.workTime(u.CreatedAt.Add(7*day), h.end)
	}
	sessions := h.office
	if !isAdmin {
		sessions = h.sessions(u.CreatedAt, last)
	}
	u = h.change(p, sessions, last)
	for _, s := range sessions {
		h.visit(u, p.user, s)
		at := s.at
		u.LastLoginAt = &at
	}
	if p.left && h.r.IntN(oneCameBack) == 0 {
		h.failedLogin(u, h.moment(last, time.Hour, 20*time.Hour), h.client())
	}
	return u, headed
}

// appoint makes a person the head of their department, minutes after they got their account.
func (h *history) appoint(p person) *db.Department {
	if p.heads == nil {
		return nil
	}
	before := p.heads.department
	after := before
	after.HeadUserID, after.UpdatedAt, after.Version = &p.user.ID, h.moment(p.user.CreatedAt, 2*time.Minute, 10*time.Minute), before.Version+1
	h.administer(after.UpdatedAt, "department.update", aboutDepartment(after), audit.Updated(before, after),
		http.MethodPut, "/api/v1/org/departments/"+after.ID.String())
	return &after
}

// sessions returns the sessions of a person in the order of time.
func (h *history) sessions(created, last time.Time) []session {
	if h.r.IntN(oneNeverCame) == 0 {
		return nil
	}
	times := []time.Time{h.moment(created, 15*time.Minute, 4*time.Hour)}
	for range h.r.IntN(moreSessions) {
		times = append(times, h.workTime(created, last))
	}
	slices.SortFunc(times, time.Time.Compare)
	var list []session
	from := h.client()
	for _, at := range times {
		s := session{id: h.r.id(at), at: at, from: from}
		if h.r.IntN(2) == 0 {
			s.until = h.moment(at, 20*time.Minute, 3*time.Hour)
		}
		list = append(list, s)
	}
	return list
}

// change applies the changes that lead from a person's first state to the present one. Each person
// changes at most once.
func (h *history) change(p person, sessions []session, last time.Time) db.User {
	before, after := p.user, p.user
	path := usersPath + "/" + after.ID.String()
	after.Version++
	switch {
	case p.left:
		after.IsActive, after.UpdatedAt = false, last
		h.administer(last, "user.deactivate", aboutUser(after), audit.Updated(before, after), http.MethodPost, path+"/deactivate")
	case before.Role != string(p.role):
		after.Role, after.UpdatedAt = string(p.role), h.workTime(before.CreatedAt, last)
		h.administer(after.UpdatedAt, "user.update", aboutUser(after), audit.Updated(before, after), http.MethodPut, path)
	case p.newPhone != nil && len(sessions) > 0:
		s := sessions[len(sessions)-1]
		after.Phone, after.UpdatedAt = p.newPhone, h.moment(s.at, time.Minute, 5*time.Minute)
		h.by(h.add(after.UpdatedAt, "user.update", aboutUser(after), audit.Updated(before, after)), after, s, http.MethodPut, "/api/v1/auth/me")
	default:
		return before
	}
	return after
}

// visit adds the events of a session. The role is the person's role at that time.
func (h *history) visit(now, first db.User, s session) {
	asOf := func(at time.Time) db.User {
		if at.Before(now.UpdatedAt) {
			return first
		}
		return now
	}
	if h.r.IntN(oneMistyped) == 0 {
		h.failedLogin(now, h.moment(s.at, -time.Minute, -10*time.Second), s.from)
	}
	about := subject{"session", s.id, now.Email}
	h.by(h.add(s.at, "auth.login", about, nil), asOf(s.at), s, http.MethodPost, loginPath)
	if at := h.moment(s.at, 6*time.Minute, 15*time.Minute); h.r.IntN(oneWentTooFar) == 0 && asOf(at).Role != string(access.Admin) {
		h.goTooFar(at, asOf(at), s)
	}
	if !s.until.IsZero() {
		ended := audit.Changes{"scope": {After: "current"}, "sessions_ended": {After: 1}}
		h.by(h.add(s.until, "auth.logout", about, ended), asOf(s.until), s, http.MethodPost, "/api/v1/auth/logout")
	}
}

// goTooFar adds a refused request for which only admins have permission.
func (h *history) goTooFar(at time.Time, u db.User, s session) {
	if h.r.IntN(2) == 0 {
		e := h.add(at, audit.AccessDenied, subject{}, nil)
		denied(e)
		h.by(e, u, s, http.MethodGet, "/api/v1/audit/logs")
		return
	}
	e := h.add(at, "company.create", subject{}, nil)
	denied(e)
	h.by(e, u, s, http.MethodPost, "/api/v1/org/companies")
}

func (h *history) failedLogin(u db.User, at time.Time, from client) {
	e := h.add(at, "auth.login", aboutUser(u), nil)
	failed(e)
	h.request(e, from, http.MethodPost, loginPath)
}
