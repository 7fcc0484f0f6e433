package httpapi_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// exampleTime is the current time in the document's examples.
var exampleTime = time.Date(2026, 12, 7, 9, 30, 0, 0, time.UTC)

// exampleWorld is an application with the data of the document's examples: the same tenant, ids and
// time, and the same client address and user agent.
type exampleWorld struct {
	*apitest.App

	operations       map[string]access.Operation
	ids              map[string]string // the value of {id}, by x-entity
	known            map[string]bool   // the ids of all rows
	admin, superuser api.LoginResult
	isClockRunning   bool // then times differ from the examples
}

// newExampleWorld creates the rows that the examples show. It uses one engine, because the tests of
// each operation prove that all three answer alike.
func newExampleWorld(t *testing.T, change ...func(*config.Config)) *exampleWorld {
	t.Helper()
	settings := func(c *config.Config) {
		c.Environment = config.Production
		behindProxy(c)
		limits(60, 20, 30)(c)
		withMetrics(c)
		c.PasswordResetURL = "https://app.techstart.com/reset-password"
		c.SigningKeys = config.Hide([]any{exampleKey(t)})
	}
	w := &exampleWorld{
		App:        apitest.New(t, store.SQLite, append([]func(*config.Config){settings}, change...)...),
		operations: exampleOperations(t), ids: map[string]string{}, known: map[string]bool{},
	}
	w.Clock.Hold(exampleTime)
	admin := w.populate(t)
	superuser := w.User(t, access.PlatformTenantID, access.Admin, func(u *db.User) { u.IsSuperuser = true })
	w.admin, w.superuser = w.login(t, admin.Email, "password123"), w.login(t, superuser.Email, apitest.Password)
	sessions := apitest.Decode[api.OwnSessionList](t, w.do(t, "Bearer "+w.admin.AccessToken, http.MethodGet, "/api/v1/auth/sessions", ""))
	w.ids["session"] = sessions.Items[0].ID.String()
	return w
}

func exampleOperations(t *testing.T) map[string]access.Operation {
	t.Helper()
	byID := map[string]access.Operation{}
	for _, op := range apitest.Operations(t) {
		byID[op.ID] = op
	}
	return byID
}

// exampleKey is the key of RFC 8037, appendix A, whose public half the document shows.
func exampleKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	seed, err := base64.RawURLEncoding.DecodeString("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	if err != nil {
		t.Fatal(err)
	}
	return ed25519.NewKeyFromSeed(seed)
}

// populate creates the rows that the examples show, and returns the admin.
func (w *exampleWorld) populate(t *testing.T) db.User {
	t.Helper()
	tenant := exampleRow[db.Tenant](t, w.example(t, "getTenant"))
	w.Tenant(t, func(row *db.Tenant) { *row = tenant })
	var later []string // statements that set references to users, who are created later
	for _, r := range storetest.Resources(t) {
		if !refersToUsers(r) {
			later = w.populateWith(t, r, later)
		}
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("password123"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range w.examples(t, "listUsers") {
		user := exampleRow[db.User](t, item)
		user = w.User(t, tenant.ID, access.Admin, func(row *db.User) { *row = user })
		if !user.IsInvited {
			w.SetPasswordHash(t, user, string(hash))
		}
		w.known[user.ID.String()] = true
	}
	for _, r := range storetest.Resources(t) {
		if refersToUsers(r) {
			later = w.populateWith(t, r, later)
		}
	}
	for _, statement := range later {
		w.Exec(t, statement)
	}
	entry := w.AuditEntry(t, tenant.ID, func(row *db.AuditEntry) { *row = exampleRow[db.AuditEntry](t, w.example(t, "getAuditLog")) })

	w.ids["tenant"] = tenant.ID.String()
	w.ids["user"], w.ids["audit_entry"] = exampleRow[db.User](t, w.example(t, "getUser")).ID.String(), entry.ID.String()
	for _, id := range w.ids {
		w.known[id] = true
	}
	return exampleRow[db.User](t, w.example(t, "getMe").(map[string]any)["user"])
}

// refersToUsers reports whether a resource requires a reference to a user.
func refersToUsers(r resource.Resource) bool {
	return slices.ContainsFunc(r.Fields, func(f resource.Field) bool { return f.Ref == "user" && !f.Null })
}

// populateWith creates the rows of a described resource that its example list shows. Rows come
// after those that they refer to. It appends statements to run once the users exist.
func (w *exampleWorld) populateWith(t *testing.T, r resource.Resource, later []string) []string {
	t.Helper()
	for _, item := range w.examples(t, "list"+r.GoPlural()) {
		columns := exampleColumns(item)
		id := columns["id"].(string)
		for _, f := range r.Fields {
			if head, ok := columns[f.Name].(string); ok && f.Ref == "user" && f.Null {
				later = append(later, "UPDATE "+r.Plural+" SET "+f.Name+" = '"+head+"' WHERE id = '"+id+"'")
				columns[f.Name] = nil
			}
		}
		w.Insert(t, r, columns)
		w.known[id] = true
	}
	one, _ := w.example(t, "get"+r.GoName()).(map[string]any)
	w.ids[r.Name], _ = one["id"].(string)
	return later
}

// example returns the document's example of an operation's reply.
func (w *exampleWorld) example(t *testing.T, operationID string) any {
	t.Helper()
	op, ok := w.operations[operationID]
	if !ok || op.Spec.Responses.Value("200") == nil {
		t.Fatalf("the document has no example of the reply 200 of %s, which the example world needs", operationID)
	}
	return plain(t, op.Spec.Responses.Value("200").Value.Content["application/json"].Example)
}

// examples returns the items of an operation's example list.
func (w *exampleWorld) examples(t *testing.T, operationID string) []any {
	t.Helper()
	page, _ := w.example(t, operationID).(map[string]any)
	items, _ := page["items"].([]any)
	return items
}

// exampleColumns returns the columns of the row that an example shows. They have the names of the
// fields; nested objects are flattened.
func exampleColumns(example any) map[string]any {
	columns := maps.Clone(example.(map[string]any))
	for part, prefixes := range map[string]map[string]string{
		"address": {"line1": "address_line1", "line2": "address_line2"},
		"actor":   {"id": "actor_id", "email": "actor_email", "role": "actor_role", "is_superuser": "actor_is_superuser"},
	} {
		fields, _ := columns[part].(map[string]any)
		for name, value := range fields {
			if column, ok := prefixes[name]; ok {
				name = column
			}
			columns[name] = value
		}
		delete(columns, part)
	}
	if at, ok := columns["time"]; ok {
		columns["occurred_at"] = at
	}
	return columns
}

// exampleRow converts an example to a row.
func exampleRow[T any](t *testing.T, example any) T {
	t.Helper()
	var row T
	encoded, err := json.Marshal(exampleColumns(example))
	if err == nil {
		err = json.Unmarshal(encoded, &row)
	}
	if err != nil {
		t.Fatalf("make a row of an example: %v", err)
	}
	return row
}

// plain returns an example with the types of encoding/json.
func plain(t *testing.T, example any) any {
	t.Helper()
	encoded, err := json.Marshal(example)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(encoded, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// do sends a request from the address of the examples' requests.
func (w *exampleWorld) do(t *testing.T, authorization, method, path, body string, options ...apitest.Option) apitest.Reply {
	t.Helper()
	options = append([]apitest.Option{apitest.Header("User-Agent", "curl/8.10.1"), from("192.0.2.7")}, options...)
	if authorization != "" {
		options = append(options, apitest.Header("Authorization", authorization))
	}
	return w.Do(t, method, path, body, options...)
}

func (w *exampleWorld) login(t *testing.T, email, password string) api.LoginResult {
	t.Helper()
	return apitest.Decode[api.LoginResult](t, w.do(t, "", http.MethodPost, loginPath, loginBody(email, password)).Want(t, 200))
}

// more creates further rows and sessions, so that lists have a second page that isn't the last.
func (w *exampleWorld) more(t *testing.T) {
	t.Helper()
	family := w.Family(w.tenantID())
	for range 2 {
		for _, r := range storetest.Resources(t) {
			family.Add(t, r.Name, apitest.RequiredFields)
		}
		w.login(t, w.admin.User.Email, "password123")
		w.loginCoworker(t)
	}
}

// authorization returns the header of a principal who may call an operation.
func (w *exampleWorld) authorization(op access.Operation) string {
	switch op.RequiredRole {
	case access.Anon:
		return ""
	case access.Superuser:
		return "Bearer " + w.superuser.AccessToken
	default:
		return "Bearer " + w.admin.AccessToken
	}
}

func (w *exampleWorld) tenantID() uuid.UUID { return uuid.MustParse(w.ids["tenant"]) }

// set changes the row of {id} directly in the database, so its version stays the same.
func (w *exampleWorld) set(t *testing.T, table, assignment, entity string) {
	t.Helper()
	w.Exec(t, "UPDATE "+table+" SET "+assignment+" WHERE id = '"+w.ids[entity]+"'")
}

// loginCoworker logs in the user of {id}, who isn't an admin.
func (w *exampleWorld) loginCoworker(t *testing.T) api.LoginResult {
	t.Helper()
	user := exampleRow[db.User](t, w.example(t, "getUser"))
	return w.login(t, user.Email, "password123")
}

// cutTrail deletes the tenant's whole trail after a verification, so that the server knows its
// head.
func (w *exampleWorld) cutTrail(t *testing.T) {
	t.Helper()
	w.do(t, "Bearer "+w.admin.AccessToken, http.MethodGet, auditVerifyPath, "").Want(t, 200)
	for _, table := range []string{"audit_entries", "audit_links", "audit_seals"} {
		w.Exec(t, "DELETE FROM "+table+" WHERE tenant_id = '"+w.tenantID().String()+"'")
	}
}
