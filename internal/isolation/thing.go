package isolation

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
)

// thing is something that a request may be about.
type thing struct {
	entity string
	id     uuid.UUID
	reply  []byte // what came when it was made
}

// Things that don't come from a POST to their collection.
var makers = map[string]func(*Matrix, context.Context, *Person) (thing, error){
	"session":     (*Matrix).makeSession,
	"audit_entry": (*Matrix).makeAuditEntry,
}

// make makes a thing in the name of someone who may, in their tenant. What the document has no way
// of making, and nobody here knows of, is an error: then an operation would go without its attack.
func (m *Matrix) make(ctx context.Context, entity string, by *Person) (thing, error) {
	if entity == access.AnyEntity {
		entity = "company"
	}
	var made thing
	var err error
	if create, ok := access.Creator(m.Operations, entity); ok {
		made, err = m.create(ctx, create, by)
	} else if makeOne := makers[entity]; makeOne != nil {
		made, err = makeOne(m, ctx, by)
	} else {
		err = fmt.Errorf("no fixture for entity %s: nothing is known that makes one, as a POST to its collection would", entity)
	}
	if err != nil {
		return thing{}, err
	}
	made.entity = entity
	m.know(by.tenant, made.id)
	return made, nil
}

// create makes a thing with an operation that answers where it is.
func (m *Matrix) create(ctx context.Context, op access.Operation, by *Person) (thing, error) {
	body, err := m.body(ctx, op, by.tenant, by, nil)
	if err != nil {
		return thing{}, fmt.Errorf("%s: %w", op.ID, err)
	}
	query := url.Values{}
	if by.Role == access.Superuser && op.CreatesInTenant() {
		query = inTenant(by.tenant)
	}
	got, err := m.client.do(ctx, request{method: op.Method, path: address(op, "", query), header: m.headerOf(by), body: body})
	if err != nil {
		return thing{}, err
	}
	location := got.header.Get("Location")
	id, err := uuid.Parse(location[strings.LastIndexByte(location, '/')+1:])
	if got.status != http.StatusCreated || err != nil {
		return thing{}, fmt.Errorf("%s: %s with the Location %q, where 201 with an address was expected", op.ID, got, location)
	}
	return thing{id: id, reply: got.body}, nil
}

// makeSession starts another session of a person.
func (m *Matrix) makeSession(ctx context.Context, of *Person) (thing, error) {
	another := *of
	if err := m.logIn(ctx, &another); err != nil {
		return thing{}, err
	}
	var me struct{ Session struct{ ID uuid.UUID } }
	err := m.do(ctx, "getMe", &another, "", nil, nil, &me)
	return thing{id: me.Session.ID}, err
}

// makeAuditEntry takes the newest one; there is always one of the log-in.
func (m *Matrix) makeAuditEntry(ctx context.Context, by *Person) (thing, error) {
	var page struct{ Items []struct{ ID uuid.UUID } }
	if err := m.do(ctx, "listAuditLogs", by, "", url.Values{"limit": {"1"}}, nil, &page); err != nil {
		return thing{}, err
	}
	if len(page.Items) == 0 {
		return thing{}, errors.New("the audit trail is empty, though someone has logged in")
	}
	return thing{id: page.Items[0].ID}, nil
}

// base is a thing of a tenant that others refer to. It stays.
func (m *Matrix) base(ctx context.Context, t *Tenant, entity string) (thing, error) {
	if entity == access.AnyEntity {
		entity = "company"
	}
	if m.bases[t] == nil {
		m.bases[t] = map[string]thing{}
	}
	if made, ok := m.bases[t][entity]; ok {
		return made, nil
	}
	made, err := m.make(ctx, entity, m.admins[t])
	if err == nil {
		m.bases[t][entity] = made
	}
	return made, err
}

// entities are those that operations of a tenant's own are about, as far as they are made with a
// POST.
func (m *Matrix) entities() []string {
	var list []string
	for _, op := range m.Operations {
		_, ok := access.Creator(m.Operations, op.Entity)
		if ok && op.TenantBound && !slices.Contains(list, op.Entity) {
			list = append(list, op.Entity)
		}
	}
	return list
}

// address is an operation's path with an id in it, and with parameters.
func address(op access.Operation, id string, query url.Values) string {
	path := op.Address(id)
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// preparations bring a thing into the state in which an operation has something to do with it. An
// operation that needs one and has none is found out: it would change nothing.
var preparations = map[string]func(*Matrix, context.Context, thing, *Person) error{
	"activateUser": after("deactivateUser"),
	"resumeTenant": after("suspendTenant"),
	"deleteTenant": after("suspendTenant"),
	"endUserSessions": func(m *Matrix, ctx context.Context, t thing, by *Person) error {
		p := &Person{tenant: by.tenant, Email: t.field("user", "email"), Password: rand.Text(), oneTimeToken: t.field("one_time_token", "token")}
		return m.welcome(ctx, p)
	},
}

// after does another operation with the thing first.
func after(operation string) func(*Matrix, context.Context, thing, *Person) error {
	return func(m *Matrix, ctx context.Context, t thing, by *Person) error {
		return m.do(ctx, operation, by, t.id.String(), nil, nil, nil)
	}
}

// field is a text of the reply that came when the thing was made.
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
