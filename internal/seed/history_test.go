package seed

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/audit"
)

// present is the state of a row, which the trail must lead to.
type present struct {
	label     string
	fields    map[string]any
	version   int64
	createdAt time.Time
	updatedAt time.Time
}

// presents returns the current state of every row of an organisation.
func (r rows) presents() map[uuid.UUID]present {
	list := map[uuid.UUID]present{}
	add := func(id uuid.UUID, label string, version int64, createdAt, updatedAt time.Time, changes audit.Changes) {
		fields := map[string]any{}
		for name, c := range changes {
			fields[name] = c.After
		}
		delete(fields, "last_login_at") // a log-in isn't recorded as a change; another test checks it
		list[id] = present{label, fields, version, createdAt, updatedAt}
	}
	add(r.tenant.ID, r.tenant.Name, r.tenant.Version, r.tenant.CreatedAt, r.tenant.UpdatedAt, audit.Created(r.tenant))
	for _, c := range r.companies {
		add(c.ID, c.Name, c.Version, c.CreatedAt, c.UpdatedAt, audit.Created(c))
	}
	for _, b := range r.branches {
		add(b.ID, b.Name, b.Version, b.CreatedAt, b.UpdatedAt, audit.Created(b))
	}
	for _, d := range r.headed {
		add(d.ID, d.Name, d.Version, d.CreatedAt, d.UpdatedAt, audit.Created(d))
	}
	for _, u := range r.users {
		add(u.ID, u.Email, u.Version, u.CreatedAt, u.UpdatedAt, audit.Created(u))
	}
	return list
}

func TestTrailLeadsToThePresentRows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o organisation, r rows) {
		want, got := r.presents(), map[uuid.UUID]present{}
		for _, e := range r.events {
			if e.entry.Outcome != string(audit.Success) || *e.entry.EntityType == "session" {
				continue
			}
			id := *e.entry.EntityID
			p, exists := got[id]
			if created := e.entry.Action == *e.entry.EntityType+".create"; created == exists {
				t.Fatalf("%s of %s, which exists: %v", e.entry.Action, *e.entry.EntityLabel, exists)
			}
			if !exists {
				p = present{fields: map[string]any{}, createdAt: e.entry.OccurredAt}
			}
			if len(e.changes) == 0 {
				t.Errorf("%s of %s changes nothing", e.entry.Action, *e.entry.EntityLabel)
			}
			for name, c := range e.changes {
				if !reflect.DeepEqual(c.Before, p.fields[name]) {
					t.Errorf("%s of %s: %s was %v before, but the entry has %v", e.entry.Action, *e.entry.EntityLabel, name, p.fields[name], c.Before)
				}
				p.fields[name] = c.After
			}
			p.label, p.updatedAt, p.version = *e.entry.EntityLabel, e.entry.OccurredAt, p.version+1
			got[id] = p
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(present{})); diff != "" {
			t.Errorf("rows (-want +as computed from the trail):\n%s", diff)
		}
	})
}

// watcher checks what people do, entry by entry.
type watcher struct {
	t        *testing.T
	users    map[uuid.UUID]*db.User
	sessions map[uuid.UUID]uuid.UUID // whose
	ended    map[uuid.UUID]bool
}

func TestPeopleDoOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o organisation, r rows) {
		w := watcher{t: t, users: map[uuid.UUID]*db.User{}, sessions: map[uuid.UUID]uuid.UUID{}, ended: map[uuid.UUID]bool{}}
		seen := map[string]bool{}
		for _, e := range r.events {
			w.see(e)
			seen[e.entry.Action+" "+e.entry.Outcome] = true
		}
		for _, u := range r.users {
			if was := w.users[u.ID]; !reflect.DeepEqual(was.LastLoginAt, u.LastLoginAt) {
				t.Errorf("the last log-in of %s is at %v in the trail and at %v in the row", u.Email, was.LastLoginAt, u.LastLoginAt)
			}
		}
		for _, want := range []string{"auth.login success", "auth.login failure", "auth.logout success", "user.deactivate success", "department.update success"} {
			if !seen[want] {
				t.Errorf("the trail has no %s", want)
			}
		}
		if weeks := r.events[len(r.events)-1].entry.OccurredAt.Sub(o.since) / (7 * day); weeks < 6 {
			t.Errorf("the trail has %d whole weeks; want several", weeks)
		}
	})
}

func (w watcher) see(e event) {
	entry := e.entry
	if entry.Action == "user.create" {
		w.users[*entry.EntityID] = &db.User{ID: *entry.EntityID, IsActive: true, Role: e.changes["role"].After.(string)}
	}
	if entry.ActorID == nil {
		if entry.SessionID != nil || entry.Outcome == string(audit.Denied) {
			w.t.Errorf("%s without an actor has a session, or was denied", entry.Action)
		}
		return
	}
	actor := w.users[*entry.ActorID]
	if actor == nil || !actor.IsActive || actor.Role != *entry.ActorRole {
		w.t.Fatalf("%s at %s by %s, whose state was %+v", entry.Action, entry.OccurredAt, *entry.ActorEmail, actor)
	}
	if entry.Action == "auth.login" {
		w.sessions[*entry.SessionID] = actor.ID
		actor.LastLoginAt = &entry.OccurredAt
	}
	if w.sessions[*entry.SessionID] != actor.ID || w.ended[*entry.SessionID] {
		w.t.Errorf("%s at %s by %s in a session that isn't theirs, or has ended", entry.Action, entry.OccurredAt, *entry.ActorEmail)
	}
	isAdmin, ownAccount := actor.Role == "admin", entry.Path == "/api/v1/auth/me"
	switch entry.Action {
	case "auth.logout":
		w.ended[*entry.SessionID] = true
	case "auth.login":
	default:
		if denied := entry.Outcome == string(audit.Denied); denied == (isAdmin || ownAccount) {
			w.t.Errorf("%s by the %s %s: denied is %v", entry.Action, actor.Role, *entry.ActorEmail, denied)
		}
	}
	if c, ok := e.changes["role"]; ok && entry.Action == "user.update" {
		w.users[*entry.EntityID].Role = c.After.(string)
	}
	if entry.Action == "user.deactivate" {
		w.users[*entry.EntityID].IsActive = false
	}
}
