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

// thing is a resource of any entity.
type thing struct {
	entity string
	id     uuid.UUID
	reply  []byte // the body of the reply to its creation
}

// makers create things for which there is no POST to a collection.
var makers = map[string]func(*Matrix, context.Context, *Person) (thing, error){
	"session":     (*Matrix).makeSession,
	"audit_entry": (*Matrix).makeAuditEntry,
}

// make creates a thing in the tenant of by, who needs the right to it. An entity that nothing can
// create is an error, because its operations couldn't be attacked.
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
		err = fmt.Errorf("no fixture for entity %s: neither a POST to its collection nor an entry in makers creates it", entity)
	}
	if err != nil {
		return thing{}, err
	}
	made.entity = entity
	m.know(by.tenant, made.id)
	return made, nil
}

// create creates a thing with an operation that answers with its Location.
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
		return thing{}, fmt.Errorf("%s: got %s with the Location %q, want 201 with an address", op.ID, got, location)
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

// makeAuditEntry returns the newest entry. There always is one, of the log-in.
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

// base returns a thing of a tenant that others refer to, or the tenant itself. It is never deleted.
func (m *Matrix) base(ctx context.Context, t *Tenant, entity string) (thing, error) {
	switch entity {
	case access.AnyEntity:
		entity = "company"
	case "tenant":
		return thing{entity: entity, id: t.ID}, nil
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

// entities returns the entities that have tenant-bound operations and are created with a POST.
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

// address returns an operation's path with an id and a query.
func address(op access.Operation, id string, query url.Values) string {
	path := op.Address(id)
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// preparations bring a thing into the state in which an operation changes something. If one is
// missing, the attack reports that the operation changes nothing.
var preparations = map[string]func(*Matrix, context.Context, thing, *Person) error{
	"activateUser": after("deactivateUser"),
	"resumeTenant": after("suspendTenant"),
	"deleteTenant": after("suspendTenant"),
	"endUserSessions": func(m *Matrix, ctx context.Context, t thing, by *Person) error {
		p := &Person{tenant: by.tenant, Email: t.field("user", "email"), Password: rand.Text(), oneTimeToken: t.field("one_time_token", "token")}
		return m.acceptInvitation(ctx, p)
	},
}

// after returns a preparation that sends another operation.
func after(operation string) func(*Matrix, context.Context, thing, *Person) error {
	return func(m *Matrix, ctx context.Context, t thing, by *Person) error {
		return m.do(ctx, operation, by, t.id.String(), nil, nil, nil)
	}
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
