package seed

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
)

// event is an audit entry without its signature.
type event struct {
	entry   db.AuditEntry
	changes audit.Changes
}

// history collects the events of a tenant, as the program would have recorded them.
type history struct {
	r          random
	tenantID   uuid.UUID
	since, end time.Time
	events     []event
	admin      db.User   // administers the tenant
	office     []session // sessions of the admin, one a week
}

func newHistory(r random, tenantID uuid.UUID, since, end time.Time) *history {
	return &history{r: r, tenantID: tenantID, since: since, end: end}
}

// subject is the entity of an event.
type subject struct {
	kind  string
	id    uuid.UUID
	label string
}

// session is a session of a user.
type session struct {
	id    uuid.UUID
	at    time.Time
	from  client
	until time.Time // time of the log-out; zero without one
}

// client is the origin of requests.
type client struct{ ip, agent string }

var agents = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
	"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
}

// client returns an address from a network that is reserved for examples (RFC 5737), with a user
// agent.
func (h *history) client() client {
	networks := []string{"192.0.2.%d", "198.51.100.%d", "203.0.113.%d"}
	return client{ip: fmt.Sprintf(pick(h.r, networks), 1+h.r.IntN(254)), agent: pick(h.r, agents)}
}

// add adds an event without an actor.
func (h *history) add(at time.Time, action string, about subject, changes audit.Changes) *db.AuditEntry {
	e := db.AuditEntry{TenantID: h.tenantID, ID: h.r.entryID(at), OccurredAt: at, Action: action, Outcome: string(audit.Success)}
	if about.kind != "" {
		e.EntityType, e.EntityID, e.EntityLabel = &about.kind, &about.id, &about.label
	}
	h.events = append(h.events, event{entry: e, changes: changes})
	return &h.events[len(h.events)-1].entry
}

// by sets the actor of an event: a user as of that time, in one of their sessions.
func (h *history) by(e *db.AuditEntry, u db.User, s session, method, path string) {
	e.ActorID, e.ActorEmail, e.ActorRole, e.SessionID = &u.ID, &u.Email, &u.Role, &s.id
	h.request(e, s.from, method, path)
}

func (h *history) request(e *db.AuditEntry, from client, method, path string) {
	e.IP, e.UserAgent, e.RequestID, e.Method, e.Path = from.ip, from.agent, h.r.id(e.OccurredAt).String(), method, path
}

// administer adds an event of the admin.
func (h *history) administer(at time.Time, action string, about subject, changes audit.Changes, method, path string) {
	h.by(h.add(at, action, about, changes), h.admin, h.officeAt(at), method, path)
}

func (h *history) inOrder() []event {
	slices.SortFunc(h.events, func(a, b event) int {
		if order := a.entry.OccurredAt.Compare(b.entry.OccurredAt); order != 0 {
			return order
		}
		return bytes.Compare(a.entry.ID[:], b.entry.ID[:])
	})
	return h.events
}

// setUp adds the creation of the rows that existed before the first account.
func (h *history) setUp(r rows) {
	h.add(r.tenant.CreatedAt, "tenant.create", subject{"tenant", r.tenant.ID, r.tenant.Name}, audit.Created(r.tenant))
	for _, c := range r.companies {
		h.add(c.CreatedAt, "company.create", aboutCompany(c), audit.Created(c))
	}
	for _, b := range r.branches {
		h.add(b.CreatedAt, "branch.create", aboutBranch(b), audit.Created(b))
	}
	for _, d := range r.departments {
		h.add(d.CreatedAt, "department.create", aboutDepartment(d), audit.Created(d))
	}
}

func aboutCompany(c db.Company) subject       { return subject{"company", c.ID, c.Name} }
func aboutBranch(b db.Branch) subject         { return subject{"branch", b.ID, b.Name} }
func aboutDepartment(d db.Department) subject { return subject{"department", d.ID, d.Name} }
func aboutUser(u db.User) subject             { return subject{"user", u.ID, u.Email} }

// runBy makes an admin log in at the office each week. Each session lasts until the next one.
func (h *history) runBy(admin person) {
	h.admin = admin.user
	at := h.admin.CreatedAt.Add(time.Minute)
	for monday := h.since; monday.Before(h.end); monday = monday.Add(7 * day) {
		if monday.After(h.since) {
			at = h.moment(monday, 0, time.Hour)
		}
		h.office = append(h.office, session{id: h.r.id(at), at: at, from: h.client()})
	}
}

// officeAt returns the admin's session at a time.
func (h *history) officeAt(at time.Time) session {
	i := len(h.office) - 1
	for i > 0 && h.office[i].at.After(at) {
		i--
	}
	return h.office[i]
}

// close closes companies and branches after the last account was created.
func (h *history) close(r *rows, closed []uuid.UUID) {
	at := h.end.Add(-calmWeeks * 7 * day).Add(2 * time.Hour)
	for i := range r.companies {
		if c := &r.companies[i]; slices.Contains(closed, c.ID) {
			before := *c
			c.IsActive, c.UpdatedAt, c.Version = false, at, c.Version+1
			h.administer(at, "company.update", aboutCompany(*c), audit.Updated(before, *c), http.MethodPut, "/api/v1/org/companies/"+c.ID.String())
		}
	}
	for i := range r.branches {
		if b := &r.branches[i]; slices.Contains(closed, b.ID) {
			before := *b
			b.IsActive, b.UpdatedAt, b.Version = false, at, b.Version+1
			h.administer(at, "branch.update", aboutBranch(*b), audit.Updated(before, *b), http.MethodPut, "/api/v1/org/branches/"+b.ID.String())
		}
	}
}

// moment returns a random time that is between atLeast and atMost after from.
func (h *history) moment(from time.Time, atLeast, atMost time.Duration) time.Time {
	return from.Add(atLeast + time.Duration(h.r.Int64N(int64(atMost-atLeast)))).Truncate(time.Microsecond)
}

// workTime returns a time of a workday after the day of one time and before the day of another, a
// week later at least.
func (h *history) workTime(after, before time.Time) time.Time {
	first := after.Truncate(day).Add(day)
	days := int(before.Truncate(day).Sub(first) / day)
	for {
		date := first.Add(time.Duration(h.r.IntN(days)) * day)
		if date.Weekday() != time.Saturday && date.Weekday() != time.Sunday {
			return h.moment(date, 8*time.Hour, 17*time.Hour)
		}
	}
}

func denied(e *db.AuditEntry) {
	reason := string(errs.Forbidden)
	e.Outcome, e.Reason = string(audit.Denied), &reason
}

func failed(e *db.AuditEntry) {
	reason := string(errs.InvalidCredentials)
	e.Outcome, e.Reason = string(audit.Failure), &reason
}
