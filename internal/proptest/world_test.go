package proptest

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

const (
	password    = apitest.Password
	newPassword = "another horse, another battery"
)

// world is a tenant with two things of each entity, so that lists have a second page. A successful
// request may use up a thing, which is then replaced.
type world struct {
	t          testing.TB
	app        *apitest.App
	operations []access.Operation
	tenant     db.Tenant
	callers    map[access.Role]*caller
	things     map[string][]thing
	source     *rand.Rand // for the fields of created things
}

type caller struct {
	role  access.Role
	actor *apitest.Actor
}

// thing is a resource of any entity.
type thing struct {
	id    string
	reply []byte // the body of the reply to its creation
}

func (w *world) caller(role access.Role) *caller {
	if w.callers[role] == nil {
		c := &caller{role: role}
		if role == access.Superuser {
			c.actor = w.app.Superuser(w.t)
		} else {
			c.actor = w.app.ActorIn(w.t, w.tenant.ID, role)
		}
		w.callers[role] = c
	}
	return w.callers[role]
}

// one returns the first thing of an entity, which others refer to. another returns the second,
// which requests are about. Sessions belong to the caller.
func (w *world) one(entity string, by *caller) thing     { return w.pair(entity, by)[0] }
func (w *world) another(entity string, by *caller) thing { return w.pair(entity, by)[1] }

func (w *world) pair(entity string, by *caller) []thing {
	key := entity
	switch entity {
	case access.AnyEntity:
		return w.pair("company", by)
	case "session":
		key += string(by.role)
	}
	for len(w.things[key]) < 2 {
		if maker := makers[entity]; maker != nil {
			w.things[key] = append(w.things[key], maker(w, by))
		} else {
			w.things[key] = append(w.things[key], w.create(entity))
		}
	}
	return w.things[key]
}

// fill creates the things of all lists.
func (w *world) fill() {
	for _, op := range w.operations {
		if _, ok := access.Creator(w.operations, op.Entity); ok {
			w.pair(op.Entity, w.caller(access.Admin))
		}
	}
}

// create creates a thing like a client: with a POST to its collection.
func (w *world) create(entity string) thing {
	w.t.Helper()
	op, ok := access.Creator(w.operations, entity)
	if !ok {
		w.t.Fatalf("no operation creates a thing of entity %s by a POST to its collection; add it to makers", entity)
	}
	by := w.caller(access.Admin)
	if op.RequiredRole == access.Superuser {
		by = w.caller(access.Superuser)
	}
	g := &generator{Rand: w.source, few: true}
	g.entity = func(name, _ string) string { return w.one(name, by).id }
	body, err := read(op.Spec.RequestBody.Value.Content[jsonType].Schema.Value)
	if err != nil {
		w.t.Fatal(err)
	}
	for range 10 { // a code may exist already
		reply := by.actor.Do(w.t, op.Method, op.Path, encode(nil, g.value(body, "")))
		location := reply.Header.Get("Location")
		if reply.Status == http.StatusCreated && location != "" {
			return thing{id: location[strings.LastIndexByte(location, '/')+1:], reply: reply.Body}
		}
		if reply.Status != http.StatusConflict {
			w.t.Fatalf("%s, to create a thing of entity %s: %d %s", op.ID, entity, reply.Status, reply.Body)
		}
	}
	w.t.Fatalf("%s doesn't create a thing", op.ID)
	return thing{}
}

// prepare brings a thing into the state that an operation requires.
func (w *world) prepare(op access.Operation, about thing) {
	for _, first := range w.operations {
		if first.ID == apitest.Before[op.ID] {
			by := w.caller(access.Admin)
			if first.RequiredRole == access.Superuser {
				by = w.caller(access.Superuser)
			}
			by.actor.Do(w.t, first.Method, strings.ReplaceAll(first.Path, "{id}", about.id), "").Want(w.t, http.StatusOK)
		}
	}
}

func (w *world) session(by *caller) thing {
	me := w.app.Login(w.t, by.actor.User).Do(w.t, http.MethodGet, "/api/v1/auth/me", "").Want(w.t, http.StatusOK)
	return thing{id: thing{reply: me.Body}.field("session", "id")}
}

func (w *world) auditEntry(*caller) thing {
	return thing{id: w.app.AuditEntry(w.t, w.tenant.ID).ID.String()}
}

// oneTimeToken returns a token of the user that requests are about, who has no password yet.
func (w *world) oneTimeToken() string {
	return w.another("user", w.caller(access.Admin)).field("one_time_token", "token")
}

// homeOf returns the tenant in which a caller is logged in.
func (w *world) homeOf(by *caller) db.Tenant {
	home, err := w.app.Store.GetTenant(w.t.Context(), db.GetTenantParams{ID: by.actor.User.TenantID})
	if err != nil {
		w.t.Fatal(err)
	}
	return home
}

func (w *world) checkpoint() string {
	admin := w.caller(access.Admin)
	return thing{reply: admin.actor.Do(w.t, http.MethodGet, "/api/v1/audit/verify", "").Want(w.t, http.StatusOK).Body}.field("checkpoint")
}

// cursor returns the cursor of a list's second page; empty if there is none.
func (w *world) cursor(op access.Operation, by *caller, query url.Values) string {
	query.Set("limit", "1")
	if op.ID == "listMySessions" {
		w.app.Login(w.t, by.actor.User) // so that there are two sessions
	}
	reply := by.actor.Do(w.t, op.Method, op.Path+"?"+query.Encode(), "")
	return thing{reply: reply.Body}.field("next_cursor")
}

// field returns a text from the reply to the thing's creation.
func (t thing) field(path ...string) string {
	var value any
	_ = json.Unmarshal(t.reply, &value) // what isn't there is empty
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	text, _ := value.(string)
	return text
}
