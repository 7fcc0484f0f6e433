package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/access"
)

// load parses a document with only these paths, in which operations require authentication by
// default.
func load(t *testing.T, paths string) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(`
openapi: 3.0.3
info: {title: Test, version: '1'}
security: [{bearerAuth: []}]
components:
  securitySchemes: {bearerAuth: {type: http, scheme: bearer}}
paths:
` + paths))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

const good = `
  /things/{id}:
    x-entity: thing
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, format: uuid}}
    put:
      operationId: putThing
      x-required-role: admin
      x-audit-action: thing.update
      x-rate-limit: default
      x-work: none
      parameters:
        - {name: owner_id, in: query, x-entity: user, schema: {type: string, format: uuid}}
        - {name: q, in: query, schema: {type: string}}
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                name: {type: string}
                parent_id: {type: string, format: uuid, x-entity: thing}
                box: {type: object, allOf: [{type: object, properties: {shelf_id: {type: string, format: uuid, x-entity: shelf}}}]}
                tag_ids: {type: array, items: {type: string, format: uuid, x-entity: tag}}
      responses: {}
    get:
      operationId: getThing
      x-required-role: viewer
      x-audit-action: none
      x-rate-limit: default
      parameters:
        - {name: tenant_id, in: query, schema: {type: string}}
      responses: {}
  /words/{word}:
    x-entity: none
    parameters: [{name: word, in: path, required: true, example: a word, schema: {type: string}}]
    get: {operationId: getWord, security: [], x-required-role: anon, x-audit-action: none, x-rate-limit: none, responses: {}}
  /me:
    get: {operationId: getMe, x-required-role: any, x-audit-action: none, x-rate-limit: none, responses: {}}
  /tenants:
    parameters:
      - {name: tenant_id, in: query, schema: {type: string}}
    delete: {operationId: deleteTenant, x-required-role: superuser, x-audit-action: tenant.delete, x-rate-limit: default, x-work: heavy, responses: {}}
  /login:
    post: {operationId: login, security: [], x-required-role: anon, x-audit-action: auth.login, x-rate-limit: login, x-work: light, responses: {}}
`

func TestOperationsCarryTheirRules(t *testing.T) {
	t.Parallel()
	operations, err := access.Operations(load(t, good))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, op := range operations {
		got = append(got, fmt.Sprintf("%s %s %s %s %s bound:%t parameters:%d class:%s work:%s",
			op.ID, op.Method, op.Path, op.RequiredRole, op.AuditAction, op.TenantBound, len(op.Parameters), op.RateClass, op.Work))
		about := []string{op.ID + " is about " + op.Entity}
		for _, r := range op.References {
			about = append(about, r.Place()+"="+r.Entity)
		}
		if op.Entity != "" {
			got = append(got, strings.Join(about, " "))
		}
	}
	want := []string{
		"deleteTenant DELETE /tenants superuser tenant.delete bound:true parameters:1 class:default work:heavy",
		"getMe GET /me any none bound:false parameters:0 class:none work:light",
		"getThing GET /things/{id} viewer none bound:true parameters:2 class:default work:light",
		"getThing is about thing",
		"getWord GET /words/{word} anon none bound:false parameters:1 class:none work:none",
		"login POST /login anon auth.login bound:false parameters:0 class:login work:light",
		"putThing PUT /things/{id} admin thing.update bound:false parameters:3 class:default work:none",
		"putThing is about thing owner_id=user /box/shelf_id=shelf /parent_id=thing /tag_ids/*=tag",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	operations, err := access.Operations(load(t, good))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"getThing": "/things/a%2Fb", "getWord": "/words/a%20word", "getMe": "/me"}
	for _, op := range operations {
		if address := op.Address("a/b"); want[op.ID] != "" && address != want[op.ID] {
			t.Errorf("%s is at %s, want %s", op.ID, address, want[op.ID])
		}
	}
}

func TestIncompleteOperationsAreRefusedAllAtOnce(t *testing.T) {
	t.Parallel()
	faulty := map[string]string{
		"GET /no-id":           `x-rate-limit: default, x-required-role: viewer, x-audit-action: none`,
		"GET /no-role":         `x-rate-limit: default, operationId: a, x-audit-action: none`,
		"GET /unknown-role":    `x-rate-limit: default, operationId: b, x-required-role: root, x-audit-action: none`,
		"GET /role-in-case":    `x-rate-limit: default, operationId: c, x-required-role: Admin, x-audit-action: none`,
		"GET /role-no-text":    `x-rate-limit: default, operationId: d, x-required-role: [admin], x-audit-action: none`,
		"GET /no-action":       `x-rate-limit: default, operationId: e, x-required-role: viewer`,
		"GET /empty-action":    `x-rate-limit: default, operationId: f, x-required-role: viewer, x-audit-action: ''`,
		"POST /unwritten":      `x-rate-limit: default, operationId: g, x-required-role: admin, x-audit-action: none`,
		"PATCH /unwritten":     `x-rate-limit: default, operationId: h, x-required-role: admin, x-audit-action: none`,
		"DELETE /unwritten":    `x-rate-limit: default, operationId: i, x-required-role: admin, x-audit-action: none`,
		"GET /anon-with-token": `x-rate-limit: default, operationId: j, x-required-role: anon, x-audit-action: none`,
		"GET /role-and-open":   `x-rate-limit: default, operationId: k, security: [], x-required-role: viewer, x-audit-action: none`,
		"GET /any-and-open":    `x-rate-limit: default, operationId: l, security: [], x-required-role: any, x-audit-action: none`,
		"PUT /no-rules":        `x-rate-limit: default, operationId: m, parameters: [{name: tenant_id, in: query, schema: {type: string}}]`,
		"GET /boxes/{id}":      `x-rate-limit: default, operationId: n, x-required-role: viewer, x-audit-action: none, parameters: [{name: id, in: path, required: true, schema: {type: string}}]`,
		"GET /unknown-id":      `x-rate-limit: default, operationId: o, x-required-role: viewer, x-audit-action: none, parameters: [{name: box_id, in: query, schema: {type: string, format: uuid}}]`,
		"GET /no-name":         `x-rate-limit: default, operationId: p, x-required-role: viewer, x-audit-action: none, parameters: [{name: box_id, in: query, x-entity: 7, schema: {type: string, format: uuid}}]`,
		"GET /no-class":        `operationId: r, x-required-role: viewer, x-audit-action: none`,
		"GET /unknown-class":   `x-rate-limit: often, operationId: s, x-required-role: viewer, x-audit-action: none`,
		"GET /class-no-text":   `x-rate-limit: 60, operationId: t, x-required-role: viewer, x-audit-action: none`,
		"GET /unknown-work":    `x-rate-limit: default, operationId: u, x-required-role: viewer, x-audit-action: none, x-work: much`,
		"GET /work-no-text":    `x-rate-limit: default, operationId: v, x-required-role: viewer, x-audit-action: none, x-work: [heavy]`,
		"GET /work-of-stream":  `x-rate-limit: default, operationId: w, x-required-role: viewer, x-audit-action: none, x-streaming: true, x-work: heavy`,
		"GET /light-parameter": `x-rate-limit: default, operationId: x, x-required-role: viewer, x-audit-action: none, parameters: [{name: q, in: query, x-work: light, schema: {type: string}}]`,
		"GET /unknown-format":  `x-rate-limit: default, operationId: y, x-required-role: viewer, x-audit-action: none, parameters: [{name: day, in: query, schema: {type: string, format: day}}]`,
		"POST /field": `x-rate-limit: default, operationId: q, x-required-role: admin, x-audit-action: box.create, requestBody: {content: {application/json: {schema:
          {type: object, properties: {box: {type: object, properties: {shelf_id: {type: string, format: uuid}}}}}}}}`,
	}
	// The operations of a path share one key.
	methods := map[string][]string{}
	for place, rules := range faulty {
		method, path, _ := strings.Cut(place, " ")
		methods[path] = append(methods[path], fmt.Sprintf("    %s: {%s, responses: {}}", strings.ToLower(method), rules))
	}
	paths := good
	for path, operations := range methods {
		paths += "  " + path + ":\n" + strings.Join(operations, "\n") + "\n"
	}

	operations, err := access.Operations(load(t, paths))
	if err == nil || operations != nil {
		t.Fatalf("%d operations and error %v, want none and an error", len(operations), err)
	}
	for place := range faulty {
		if !strings.Contains(err.Error(), place+": ") {
			t.Errorf("the error doesn't name %s:\n%v", place, err)
		}
	}
	for _, id := range []string{"/things/{id}", "/me", "/login", "/tenants"} {
		if strings.Contains(err.Error(), id+": ") {
			t.Errorf("the error names %s, which is complete:\n%v", id, err)
		}
	}
}

func TestPermissionsOfRoles(t *testing.T) {
	t.Parallel()
	operations, err := access.Operations(load(t, good))
	if err != nil {
		t.Fatal(err)
	}
	for role, want := range map[access.Role]string{
		access.Viewer:    "getMe getThing",
		access.User:      "getMe getThing",
		access.Admin:     "getMe getThing putThing",
		access.Superuser: "deleteTenant getMe getThing putThing",
		"nobody":         "",
	} {
		got := access.Permissions(operations, role)
		if got == nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", role, got, want)
		}
	}
}
