package main

import (
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const project = `tag: {name: Projects, description: What is worked on.}

resource:
  entity: project
  path: /projects
  read: viewer
  write: admin
  operations: [list, create, update]
paths:
  /projects:
    get:
      parameters:
        - $ref: '#/components/parameters/CompanyID'
      x-examples: {'200': {items: [{$ref: '#/examples/project', spent: 9}]}}
    post:
      x-examples:
        request: {company_id: 019371a0-5c00-7b11-8c00-0a1b2c3d4e5f, code: MOON, name: Moon, budget: {limit: 3}}
        '201': {id: 019371a0-5c00-7b66-8c00-0a1b2c3d4e5f}
  /projects/{id}: {put: {x-examples: {request: {name: Mars, phone: null}}}}
  /projects/close:
    post:
      operationId: closeProjects
      x-required-role: superuser
      x-audit-action: project.close
      responses:
        {'204': {description: Closed.}, '403': {$ref: '#/components/responses/NoSuchErrorCode'}}
components:
  schemas:
    Project:
      description: Work.
      properties:
        id: {example: 019371a0-5c00-7b55-8c00-0a1b2c3d4e5f}
        company_id: {x-like: company_id, x-fixed: true}
        code: {type: string, pattern: '^[A-Z]+$', x-message: Use letters., description: A short name., example: SHIP}
        name: {x-like: name, example: Ship}
        phone: {x-like: phone, example: +1 415 555 0100}
        starts_at: {type: string, format: date-time, nullable: true, description: When it starts., example: '2026-01-05T08:00:00.000000Z'}
        is_secret: {type: boolean, x-default: false, description: Whether it is secret., example: true}
        budget: {$ref: '#/components/schemas/Budget', x-default: null}
        spent:
          type: integer
          format: int64
          readOnly: true
          description: What was spent.
          example: 7
    Budget:
      type: object
      description: What it may cost.
      properties:
        limit: {type: integer, format: int64, example: 5}
        unit: {type: string, example: EUR}
  responses:
    Closed: {description: Closed., x-problem: {code: not_found, detail: It is closed.}}
`

func TestSchemasAndExamplesAreMadeFromOneSchema(t *testing.T) {
	t.Parallel()
	doc := parsed(t, fewSources(t))
	for _, test := range []struct{ place, want string }{
		{"reply required", "[id, tenant_id, company_id, code, name, phone, starts_at, is_secret, budget, spent, created_at, updated_at, version]"},
		{"reply properties id", "{type: string, format: uuid, description: The project's id.}"},
		{"reply properties code", "{type: string, description: A short name., example: SHIP}"},
		{"reply properties is_secret", "{type: boolean, description: Whether it is secret.}"},
		{"reply properties budget", "{$ref: '#/components/schemas/Budget'}"},
		{"reply properties spent", "{type: integer, format: int64, description: What was spent., example: 7}"},
		{"create description", "A new project. `company_id`, `code` and `name` are needed."},
		{"create required", "[company_id, code, name]"},
		{
			"create properties company_id", "{type: string, format: uuid, x-entity: company, " +
				"description: The company that the project belongs to. It stays the same., example: 019371a0-5c00-7b11-8c00-0a1b2c3d4e5f}",
		},
		{"create properties code", "{type: string, pattern: '^[A-Z]+$', x-message: Use letters., description: A short name., example: SHIP}"},
		{"create properties spent", ""},
		{"update properties company_id", ""},
		{"update properties spent", ""},
		{
			"update properties name", "{type: string, x-name: true, minLength: 1, maxLength: 200, pattern: \\S, " +
				"description: The project's name; not blank., example: Ship}",
		},
		{
			"update properties phone", "{type: string, nullable: true, maxLength: 32, description: A phone number., example: +1 415 555 0100, " +
				"x-go-type: 'nullable.Nullable[string]', x-go-type-skip-optional-pointer: true}",
		},
		{
			"update properties starts_at", "{type: string, format: date-time, nullable: true, description: When it starts., " +
				`example: "2026-01-05T08:00:00.000000Z", x-go-type: 'nullable.Nullable[openapi.Time]', ` +
				"x-go-type-skip-optional-pointer: true, x-go-type-import: {path: github.com/tenantry/tenantry/openapi}}",
		},
		{
			"update properties is_secret", "{type: boolean, description: 'Whether it is secret. A new project is not, " +
				"unless this says otherwise.', example: true}",
		},
		{
			"problem example", "{type: /errors/not_found, title: Not found, status: 404, detail: It is closed., instance: /api/v1/org/companies, " +
				"code: not_found, request_id: 01939000-aaaa-7bbb-8ccc-ddddeeeeffff}",
		},
		{
			"listed example", "{items: [{id: 019371a0-5c00-7b55-8c00-0a1b2c3d4e5f, tenant_id: 019371a0-5c00-7aaa-8b00-1a2b3c4d5e6f, " +
				"company_id: 019371a0-5c00-7b11-8c00-0a1b2c3d4e5f, code: SHIP, name: Ship, phone: +1 415 555 0100, " +
				`starts_at: "2026-01-05T08:00:00.000000Z", is_secret: true, budget: null, spent: 9, ` +
				`created_at: "2026-01-05T08:00:00.000000Z", updated_at: "2026-01-05T08:00:00.000000Z", version: 1}], next_cursor: null, total: 1}`,
		},
		{
			"created example", "{id: 019371a0-5c00-7b66-8c00-0a1b2c3d4e5f, tenant_id: 019371a0-5c00-7aaa-8b00-1a2b3c4d5e6f, " +
				"company_id: 019371a0-5c00-7b11-8c00-0a1b2c3d4e5f, code: MOON, name: Moon, phone: null, starts_at: null, " +
				"is_secret: false, budget: {limit: 3, unit: null}, spent: null, " +
				`created_at: "2026-12-07T09:30:00.000000Z", updated_at: "2026-12-07T09:30:00.000000Z", version: 1}`,
		},
		{
			"updated example", "{id: 019371a0-5c00-7b55-8c00-0a1b2c3d4e5f, tenant_id: 019371a0-5c00-7aaa-8b00-1a2b3c4d5e6f, " +
				"company_id: 019371a0-5c00-7b11-8c00-0a1b2c3d4e5f, code: SHIP, name: Mars, phone: null, " +
				`starts_at: "2026-01-05T08:00:00.000000Z", is_secret: true, budget: null, spent: 7, ` +
				`created_at: "2026-01-05T08:00:00.000000Z", updated_at: "2026-12-07T09:30:00.000000Z", version: 2}`,
		},
	} {
		t.Run(test.place, func(t *testing.T) {
			t.Parallel()
			keys := strings.Fields(test.place)
			base := map[string][]string{
				"reply":   {"components", "schemas", "Project"},
				"create":  {"components", "schemas", "ProjectCreate"},
				"update":  {"components", "schemas", "ProjectUpdate"},
				"problem": {"components", "responses", "Closed", "content", "application/problem+json"},
				"listed":  {"paths", "/projects", "get", "responses", "200", "content", jsonType},
				"created": {"paths", "/projects", "post", "responses", "201", "content", jsonType},
				"updated": {"paths", "/projects/{id}", "put", "responses", "200", "content", jsonType},
			}[keys[0]]
			if got := asText(t, at(at(doc, base...), keys[1:]...)); got != test.want {
				t.Errorf("is\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestATagCanOverrideTheStandard(t *testing.T) {
	t.Parallel()
	root := fewSources(t)
	file := filepath.Join(root, "openapi/tags/projects.yaml")
	replace(t, file, "put: {", "put: {description: \"<standard> Again.\", responses: {'409': null}, ")
	replace(t, file, "        id: {example", "        tenant_id: null\n        id: {example")
	replace(t, file, "    get:\n", "    get:\n      x-without: [q, count]\n")
	replace(t, file, "        company_id: {x-like: company_id, x-fixed: true}\n", "")
	replace(t, file, "company_id: 019371a0-5c00-7b11-8c00-0a1b2c3d4e5f, code", "code")
	doc := parsed(t, root)
	update, schemas := at(doc, "paths", "/projects/{id}", "put"), at(doc, "components", "schemas")
	if got := value(update, "description"); !strings.HasSuffix(got, "adds no entry to the audit trail. Again.") {
		t.Errorf("the description is %q", got)
	}
	if at(update, "responses", "409") != nil || at(schemas, "Project", "properties", "tenant_id") != nil {
		t.Error("a key is still there although the tag sets it to null")
	}
	if got := summary(nil, at(doc, "paths", "/projects", "get")); !strings.HasPrefix(got, "none default TenantID Limit Cursor Sort CompanyID |") {
		t.Errorf("the list is %s", got)
	}
	const want = "{description: A new project. `code` and `name` are needed., " +
		"allOf: [{$ref: '#/components/schemas/ProjectUpdate'}, {type: object, required: [code, name]}]}"
	if got := asText(t, get(schemas, "ProjectCreate")); got != want {
		t.Errorf("without a fixed property the schema of a create request is\n%s\nwant\n%s", got, want)
	}
}

func TestDecimalsKeepTheirPatternInReplies(t *testing.T) {
	t.Parallel()
	var property yaml.Node
	if err := yaml.Unmarshal([]byte(`{type: string, format: decimal, pattern: '^[0-9]{1,3}$', x-message: Use digits., maxLength: 3}`), &property); err != nil {
		t.Fatal(err)
	}
	b := &bundler{files: map[*yaml.Node]string{}}
	if got := asText(t, b.replyForm(property.Content[0])); got != "{type: string, format: decimal, pattern: '^[0-9]{1,3}$'}" {
		t.Errorf("replies have %s", got)
	}
}
