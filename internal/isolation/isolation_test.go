package isolation

import (
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
)

// operations returns those of a document in which no operation creates a gadget.
func operations(t *testing.T) []access.Operation {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(`
openapi: 3.0.3
info: {title: Test, version: '1'}
security: [{bearerAuth: []}]
components:
  securitySchemes: {bearerAuth: {type: http, scheme: bearer}}
paths:
  /gadgets/{id}:
    x-entity: gadget
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, format: uuid}}
      - {name: tenant_id, in: query, schema: {type: string, format: uuid}}
    get:
      operationId: getGadget
      x-required-role: viewer
      x-audit-action: none
      x-rate-limit: default
      responses: {'200': {description: ok}, '404': {description: missing}}
`))
	if err != nil {
		t.Fatal(err)
	}
	list, err := access.Operations(doc)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// The matrix must not pass because it couldn't try an operation.
func TestEntityWithoutCreatorIsAnError(t *testing.T) {
	t.Parallel()
	m := &Matrix{Operations: operations(t), known: map[uuid.UUID]*Tenant{}, admins: map[*Tenant]*Person{}}
	tenant := newTenant("run", "own")
	m.own, m.other = tenant, newTenant("run", "other")
	m.admins[tenant] = &Person{tenant: tenant}
	m.principals = []principal{{name: "no token", tenant: tenant, refused: "unauthenticated"}}
	r := &round{Matrix: m, op: m.Operations[0], targets: map[target]string{}}
	if _, err := r.attempts(t.Context()); err == nil || !strings.Contains(err.Error(), "no fixture for entity gadget") {
		t.Errorf("%v, want an error that names the entity", err)
	}
}

func TestStateCompareIgnoresRowsThatMayChange(t *testing.T) {
	t.Parallel()
	mine, theirs := uuid.New(), uuid.New()
	before := State{{mine, "companies", "a"}: "1", {theirs, "companies", "b"}: "1", {theirs, "companies", "c"}: "1", {uuid.Nil, "login_attempts", "d"}: "1"}
	same := State{{mine, "companies", "a"}: "2", {theirs, "companies", "b"}: "1", {theirs, "companies", "c"}: "1", {uuid.Nil, "login_attempts", "d"}: "1"}
	mayChange := func(tenant uuid.UUID) bool { return tenant == mine }
	if got := before.compare(same, mayChange); got != "" {
		t.Errorf("%q, want no difference", got)
	}
	if got := before.compare(same, nil); !strings.Contains(got, "companies a of tenant "+mine.String()+" has changed") {
		t.Errorf("%q, want the row that changed", got)
	}
	after := State{{theirs, "companies", "b"}: "2", {theirs, "companies", "new"}: "1", {uuid.Nil, "login_attempts", "d"}: "1"}
	got := before.compare(after, mayChange)
	for _, want := range []string{"companies b of tenant " + theirs.String() + " has changed", "companies c of tenant " + theirs.String() + " was deleted", "companies new of tenant " + theirs.String() + " was added"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if strings.Contains(got, mine.String()) || before.compare(State{{mine, "companies", "a"}: "1"}, nil) == "" {
		t.Errorf("%q names a row that may change", got)
	}
}

func TestReplyDifferenceIgnoresRequestIDs(t *testing.T) {
	t.Parallel()
	problem := func(id, detail string, length string) reply {
		return reply{
			404,
			http.Header{"Content-Type": {"application/problem+json"}, "X-Request-Id": {id}, "Date": {id}, "Content-Length": {length}},
			[]byte(`{"instance":"/` + id + `","detail":"` + detail + `","request_id":"` + id + `"}`),
		}
	}
	if got := problem("a", "missing", "9").difference(problem("b", "missing", "9")); got != "" {
		t.Errorf("%q, want no difference", got)
	}
	for name, other := range map[string]reply{
		"body": problem("a", "not yours", "9"), "header": problem("a", "missing", "8"), "status": {status: 403},
	} {
		if got := problem("a", "missing", "9").difference(other); !strings.Contains(got, name) {
			t.Errorf("%q doesn't name the %s", got, name)
		}
	}
}

func TestPlacePutsValueAtPointer(t *testing.T) {
	t.Parallel()
	got := place(map[string]any{"name": "A", "box": map[string]any{"size": 1}}, []string{"box", "shelf_id"}, "x")
	got = place(got, []string{"tag_ids", "*"}, "y")
	want := map[string]any{"name": "A", "box": map[string]any{"size": 1, "shelf_id": "x"}, "tag_ids": []any{"y"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCurlLinesHaveNoSecrets(t *testing.T) {
	t.Parallel()
	a := &attempt{by: principal{name: "admin of another tenant", token: "hunter2"}, request: request{
		method: "POST", path: "/x?q=it's", header: http.Header{"If-Match": {`"1"`}},
		body: []byte(`{"email":"a@b.example","current_password":"hunter2","refresh_token":"hunter2"}`),
	}}
	want := `curl -i -X POST "$URL"'/x?q=it'\''s' -H "Authorization: Bearer $ADMIN_OF_ANOTHER_TENANT_TOKEN" -H 'If-Match: "1"' ` +
		`-H 'Content-Type: application/json' -d '{"current_password":"CURRENT_PASSWORD","email":"a@b.example","refresh_token":"REFRESH_TOKEN"}'`
	if diff := cmp.Diff(want, a.curl()); diff != "" {
		t.Error(diff)
	}
}
